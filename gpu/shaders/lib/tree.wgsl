// One level of 512: the sums of blocks as a tree of adjacent pairs. +0 stands for what is missing, and changes nothing.
@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> nodes: array<f32>;
var<workgroup> sums: array<f32, 256>;

fn leaf(i: u32, r: u32) -> f32 {
    if (i < call.len) { return parts[r * call.stride + i]; }
    return 0.0;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let node = place(group, groups);
    let i = node * 512u + 2u * lane;
    sums[lane] = leaf(i, group.z) + leaf(i + 1u, group.z);
    for (var count = 128u; count > 0u; count /= 2u) {
        workgroupBarrier();
        var sum = 0.0;
        if (lane < count) { sum = sums[2u * lane] + sums[2u * lane + 1u]; }
        workgroupBarrier();
        if (lane < count) { sums[lane] = sum; }
    }
    if (lane == 0u && node * 512u < call.len) { nodes[group.z * call.blocks + node] = sums[0]; }
}
