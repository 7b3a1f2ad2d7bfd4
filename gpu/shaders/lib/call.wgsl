// What a dispatch is told beside its kernel's own bindings. Vectors are bound from element `first` on.
struct Call {
    // First element of this piece.
    first: u32,
    // Elements of this piece.
    len: u32,
    // From one replica's vector to the next, in elements of V.
    stride: u32,
    // Whether anything was checked in this step: only then does the verdict count.
    gated: u32,
    // Sums of blocks a replica, and the first one of this piece.
    blocks: u32,
    block: u32,
    // Runs of the layout, and values a replica.
    spans: u32,
    slots: u32,
}
@group(1) @binding(0) var<uniform> call: Call;

// The place of a workgroup in a grid that had to be folded.
fn place(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.y * groups.x + group.x;
}
