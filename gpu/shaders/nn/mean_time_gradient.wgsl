// dx[time][channel] = derivative(x) * scale * dy[channel], written over x
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

fn count() -> u32 { return shape.samples * inputs(); }

fn apply(i: u32, r: u32) {
    let source = i / inputs() * shape.channels + i % shape.channels;
    let at = r * shape.x_stride + i;
    x[at] = derive(x[at], dy[r * shape.y_stride + source] * shape.scale);
}
