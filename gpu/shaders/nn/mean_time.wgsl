// y[channel] = activation(scale * sum over time of x[time][channel])
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn count() -> u32 { return shape.samples * shape.channels; }

fn apply(i: u32, r: u32) {
    let sample = i / shape.channels;
    var at = r * shape.x_stride + sample * inputs() + i % shape.channels;
    var sum = 0.0;
    for (var t = 0u; t < shape.rows; t += 1u) {
        sum += x[at];
        at += shape.channels;
    }
    y[r * shape.y_stride + i] = activate(sum * shape.scale);
}
