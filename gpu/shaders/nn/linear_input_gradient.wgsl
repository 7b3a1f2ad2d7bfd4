// dx[input] = derivative(x) * sum over positions that read it, filters of w[filter][tap] * dy[position][filter], written over x.
// Inputs whose row and column have the same rest by the stride are read through the same taps: they form one part.
@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
const LEFT_ALONG_SUM = true;
const RIGHT_ALONG_SUM = false;

struct Place { exists: bool, first: u32, row: u32, column: u32 }

// Inputs along an axis of a part, and positions that may read one.
fn part_rows() -> u32 { return (shape.rows + shape.stride - 1u) / shape.stride; }
fn part_columns() -> u32 { return (shape.columns + shape.stride - 1u) / shape.stride; }
fn row_readers() -> u32 { return (shape.kernel_rows + shape.stride - 1u) / shape.stride; }
fn column_readers() -> u32 { return (shape.kernel_columns + shape.stride - 1u) / shape.stride; }

fn rows() -> u32 { return shape.samples * part_rows() * part_columns(); }
fn columns() -> u32 { return shape.channels; }
fn depth() -> u32 { return row_readers() * column_readers() * shape.filters; }
fn parts() -> u32 { return min(shape.stride, shape.rows) * min(shape.stride, shape.columns); }

fn phase_of(part: u32) -> vec2<u32> {
    let across = min(shape.stride, shape.columns);
    return vec2<u32>(part / across, part % across);
}

// How far back the k-th reader is, the farthest first: so readers ascend.
fn back_of(k: u32) -> vec2<u32> {
    let reader = k / shape.filters;
    return vec2<u32>(row_readers() - 1u - reader / column_readers(), column_readers() - 1u - reader % column_readers());
}

fn left_at(m: u32, part: u32, r: u32) -> Place {
    let sample = m / (part_rows() * part_columns());
    let row = m / part_columns() % part_rows();
    return Place(m < rows(), r * shape.y_stride + sample * outputs(), row, m % part_columns());
}

fn left(at: Place, k: u32) -> f32 {
    let back = back_of(k);
    let row = at.row - back.x;
    let column = at.column - back.y;
    if (at.row < back.x || at.column < back.y || row >= shape.out_rows || column >= shape.out_columns) { return 0.0; }
    return dy[at.first + (row * shape.out_columns + column) * shape.filters + k % shape.filters];
}

fn right_at(n: u32, part: u32, r: u32) -> Place {
    let phase = phase_of(part);
    return Place(n < columns(), r * shape.weights_stride + shape.weights + n, phase.x, phase.y);
}

fn right(at: Place, k: u32) -> f32 {
    let back = back_of(k);
    let row = at.row + back.x * shape.stride;
    let column = at.column + back.y * shape.stride;
    if (row >= shape.kernel_rows || column >= shape.kernel_columns) { return 0.0; }
    return weights[at.first + k % shape.filters * fan_in() + (row * shape.kernel_columns + column) * shape.channels];
}

fn start(m: u32, n: u32, r: u32) -> f32 { return 0.0; }

fn finish(m: u32, n: u32, part: u32, r: u32, sum: f32) {
    let phase = phase_of(part);
    let sample = m / (part_rows() * part_columns());
    let row = m / part_columns() % part_rows() * shape.stride + phase.x;
    let column = m % part_columns() * shape.stride + phase.y;
    if (row >= shape.rows || column >= shape.columns) { return; }
    let at = r * shape.x_stride + sample * inputs() + (row * shape.columns + column) * shape.channels + n;
    x[at] = derive(x[at], sum);
}
