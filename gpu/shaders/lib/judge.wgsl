// Looks at scalars before an update: is every one finite? The request is
// [replicas, 1 if a new step began, 1 if an update follows, count, then (place of the scalar, 1 loss or 2 gradient) each].
@group(0) @binding(0) var<storage, read> request: array<u32>;
@group(0) @binding(1) var<storage, read> scalars: array<u32>;
@group(0) @binding(2) var<storage, read_write> verdict: array<Verdict>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let r = id.x;
    if (r >= request[0]) { return; }
    var bad = select(verdict[r].bad, 0u, request[1] != 0u);
    for (var i = 0u; i < request[3]; i += 1u) {
        let exponent = scalars[request[4u + 2u * i] + r] & 0x7f800000u;
        bad |= select(0u, request[5u + 2u * i], exponent == 0x7f800000u);
    }
    verdict[r].bad = bad;
    if (request[2] != 0u && bad != 0u) {
        verdict[r].refused += 1u;
        verdict[r].why |= bad;
    }
}
