// g[filter][tap] += sum over samples, positions of dy[position][filter] * x[window of position][tap]; the bias is a further
// tap, whose input is 1. Without weights that train it is the only one.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<f32>;
const LEFT_ALONG_SUM = false;
const RIGHT_ALONG_SUM = false;
const NO_WEIGHTS = 0xffffffffu;

struct Place { exists: bool, first: u32, is_bias: bool }

fn rows() -> u32 { return shape.filters; }
fn columns() -> u32 { return select(fan_in() + 1u, 1u, shape.weights == NO_WEIGHTS); }
fn depth() -> u32 { return shape.samples * shape.out_rows * shape.out_columns; }
fn parts() -> u32 { return 1u; }

// The tap of a column.
fn tap_of(n: u32) -> u32 { return select(n, fan_in(), shape.weights == NO_WEIGHTS); }

fn left_at(m: u32, part: u32, r: u32) -> Place {
    return Place(m < rows(), r * shape.y_stride + m, false);
}

fn left(at: Place, k: u32) -> f32 { return dy[at.first + k * shape.filters]; }

fn right_at(n: u32, part: u32, r: u32) -> Place {
    let is_bias = tap_of(n) == fan_in();
    return Place(n < columns(), r * shape.x_stride + tap(select(n, 0u, is_bias)), is_bias);
}

fn right(at: Place, k: u32) -> f32 {
    if (at.is_bias) { return 1.0; }
    return x[at.first + window(k)];
}

fn element(m: u32, n: u32, r: u32) -> u32 {
    let at = select(shape.weights + m * fan_in() + n, shape.bias + m, tap_of(n) == fan_in());
    return r * shape.weights_stride + at;
}

fn start(m: u32, n: u32, r: u32) -> f32 {
    if (shape.accumulate == 0u) { return 0.0; }
    return g[element(m, n, r)];
}

fn finish(m: u32, n: u32, part: u32, r: u32, sum: f32) {
    g[element(m, n, r)] = sum;
}
