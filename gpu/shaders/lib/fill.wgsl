// Noise where it is used: a thread draws 16 elements of a tile of 64 and finds their groups from the tile's first run on.
@group(1) @binding(2) var<storage, read> tiles: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = place(group, groups) * 64u + lane;
    let first = thread / 4u * 64u;
    if (first >= call.len) { return; }
    let r = group.z;
    let tile = (call.first + first) / 64u;
    let noise = normals(tile, thread % 4u, k[r].key);
    var span = tiles[tile];
    var known = 0xffffffffu;
    var current = 0.0;
    for (var row = 0u; row < 4u; row += 1u) {
        let i = first + 16u * row + thread % 4u * 4u;
        if (i >= call.len) { return; }
        var scales = V();
        for (var j = 0u; j < 4u; j += 1u) {
            while (span + 1u < call.spans && spans[span + 1u].start <= call.first + i + j) { span += 1u; }
            if (span != known) {
                known = span;
                current = scale(VALUES[r * call.slots + spans[span].slot], spans[span].fan_in, r);
            }
            scales[j] = current;
        }
        let at = r * call.stride + i / 4u;
        let new_values = APPLY(scales * noise[row]);
        STORE
    }
}
