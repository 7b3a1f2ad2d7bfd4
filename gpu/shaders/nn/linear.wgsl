// y[sample, position][filter] = activation(bias + sum over taps w[filter][tap] * x[window of position][tap])
@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
const LEFT_ALONG_SUM = true;
const RIGHT_ALONG_SUM = true;

struct Place { exists: bool, first: u32 }

fn rows() -> u32 { return shape.samples * shape.out_rows * shape.out_columns; }
fn columns() -> u32 { return shape.filters; }
fn depth() -> u32 { return fan_in(); }
fn parts() -> u32 { return 1u; }

fn left_at(m: u32, part: u32, r: u32) -> Place {
    return Place(m < rows(), r * shape.x_stride + window(m));
}

fn left(at: Place, k: u32) -> f32 { return x[at.first + tap(k)]; }

fn right_at(n: u32, part: u32, r: u32) -> Place {
    return Place(n < columns(), r * shape.weights_stride + shape.weights + n * fan_in());
}

fn right(at: Place, k: u32) -> f32 { return weights[at.first + k]; }

fn start(m: u32, n: u32, r: u32) -> f32 { return bias[r * shape.bias_stride + shape.bias + n]; }

fn finish(m: u32, n: u32, part: u32, r: u32, sum: f32) {
    y[r * shape.y_stride + m * shape.filters + n] = activate(sum);
}
