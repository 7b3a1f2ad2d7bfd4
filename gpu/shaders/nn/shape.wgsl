// The layer that a dispatch is for. Data are [replica][sample][row][column][channel].
struct Shape {
    samples: u32,
    // The input, its windows, and the output. A dense layer is one window over one position.
    rows: u32,
    columns: u32,
    channels: u32,
    kernel_rows: u32,
    kernel_columns: u32,
    stride: u32,
    out_rows: u32,
    out_columns: u32,
    filters: u32,
    // Where weights and bias begin in their vectors, and the step from one replica to the next in those and in the data.
    weights: u32,
    bias: u32,
    weights_stride: u32,
    bias_stride: u32,
    x_stride: u32,
    y_stride: u32,
    // The function applied to the output (forward) or to the input (backward): 0 none, 1 ReLU, 2 tanh.
    activation: u32,
    // 1 to go on from the sums that are there.
    accumulate: u32,
    // The factor of a mean: over time, or over samples.
    scale: f32,
    // What is known of a sample beside its input: words a sample.
    target_words: u32,
}
@group(1) @binding(0) var<uniform> shape: Shape;

// The place of a workgroup in a grid that had to be folded.
fn place(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.y * groups.x + group.x;
}

fn inputs() -> u32 {
    return shape.rows * shape.columns * shape.channels;
}

fn outputs() -> u32 {
    return shape.out_rows * shape.out_columns * shape.filters;
}

// Floats in a window.
fn fan_in() -> u32 {
    return shape.kernel_rows * shape.kernel_columns * shape.channels;
}

fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
