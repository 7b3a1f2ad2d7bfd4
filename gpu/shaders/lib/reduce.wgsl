// Sums of blocks in the one written order: 32 accumulators a block of 1024, four a thread, folded by halves.
@group(1) @binding(1) var<storage, read_write> partials: array<f32>;
var<workgroup> sums: array<V, 64>;

fn sum_block(block: u32, t: u32, r: u32) -> V {
    var sum = V();
    for (var row = 0u; row < 32u; row += 1u) {
        let i = block * 256u + row * 8u + t;
        if (4u * i + 4u <= call.len) {
            sum += TERM(r * call.stride + i);
        } else if (4u * i < call.len) {
            let live = vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(call.len);
            sum += select(V(), TERM(r * call.stride + i), live);
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = place(group, groups) * 8u + lane / 8u;
    let t = lane % 8u;
    sums[lane] = sum_block(block, t, group.z);
    for (var half = 4u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (t < half) { sums[lane] += sums[lane + half]; }
    }
    if (t == 0u && block * 1024u < call.len) {
        let a = sums[lane];
        partials[group.z * call.blocks + call.block + block] = (a.x + a.z) + (a.y + a.w);
    }
}
