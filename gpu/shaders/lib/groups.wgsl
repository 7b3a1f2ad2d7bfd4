// A sum over each run of the layout, one workgroup each: eight blocks at a time, their sums as a binary counter.
@group(1) @binding(2) var<storage, read_write> values: array<f32>;
var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = place(group, groups);
    if (place >= call.spans) { return; }
    let span = spans[call.block + place];
    let start = group.z * call.stride + span.start - call.first;
    let blocks = (span.len + 1023u) / 1024u;
    var tree: array<f32, 24>;
    for (var first = 0u; first < blocks; first += 8u) {
        var sum = 0.0;
        for (var row = 0u; row < 32u; row += 1u) {
            let i = (first + lane / 32u) * 1024u + row * 32u + lane % 32u;
            if (i < span.len) { sum += TERM(start + i); }
        }
        workgroupBarrier();
        sums[lane] = sum;
        for (var half = 16u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (lane % 32u < half) { sums[lane] += sums[lane + half]; }
        }
        workgroupBarrier();
        for (var block = first; block < min(first + 8u, blocks); block += 1u) {
            // Digit k of the counter is the sum of 2^k blocks; a carry adds it to the newer one.
            var carried = sums[(block - first) * 32u];
            var level = 0u;
            for (var carry = block; (carry & 1u) != 0u; carry >>= 1u) {
                carried = tree[level] + carried;
                level += 1u;
            }
            tree[level] = carried;
        }
    }
    var total = 0.0;
    var level = 0u;
    for (var rest = blocks; rest != 0u; rest >>= 1u) {
        if ((rest & 1u) != 0u) { total = tree[level] + total; }
        level += 1u;
    }
    if (lane == 0u) { values[group.z * call.slots + span.slot] = total; }
}
