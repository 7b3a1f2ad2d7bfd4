// loss = scale * sum of losses, ascending. One thread adds: a mini-batch is short, and the order is the promise.
@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
var<workgroup> part: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.z;
    var sum = 0.0;
    for (var first = 0u; first < shape.samples; first += 256u) {
        workgroupBarrier();
        if (first + lane < shape.samples) { part[lane] = losses[r * shape.y_stride + first + lane]; }
        workgroupBarrier();
        if (lane == 0u) {
            for (var i = 0u; i < min(256u, shape.samples - first); i += 1u) { sum += part[i]; }
        }
    }
    if (lane == 0u) { loss[r] = shape.scale * sum; }
}
