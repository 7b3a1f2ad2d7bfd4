// dx = derivative(x) * dy at the first largest of each window, 0 elsewhere, written over x: a thread has a window and the
// gap behind it.
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

fn cells(n: u32) -> u32 { return (n + shape.stride - 1u) / shape.stride; }
fn count() -> u32 { return shape.samples * cells(shape.rows) * cells(shape.columns) * shape.channels; }

fn apply(i: u32, r: u32) {
    let channel = i % shape.channels;
    let cell_column = i / shape.channels % cells(shape.columns);
    let cell_row = i / shape.channels / cells(shape.columns) % cells(shape.rows);
    let sample = i / shape.channels / cells(shape.columns) / cells(shape.rows);
    let row = cell_row * shape.stride;
    let column = cell_column * shape.stride;
    let first = r * shape.x_stride + sample * inputs() + channel;
    var best = 0xffffffffu;
    var gradient = 0.0;
    if (cell_row < shape.out_rows && cell_column < shape.out_columns) {
        let position = sample * outputs() + (cell_row * shape.out_columns + cell_column) * shape.channels + channel;
        gradient = dy[r * shape.y_stride + position];
        var largest = 0.0;
        for (var t = 0u; t < shape.kernel_rows; t += 1u) {
            for (var u = 0u; u < shape.kernel_columns; u += 1u) {
                let at = first + ((row + t) * shape.columns + column + u) * shape.channels;
                if (best == 0xffffffffu || x[at] > largest || is_nan(x[at])) {
                    best = at;
                    largest = x[at];
                }
            }
        }
    }
    for (var t = row; t < min(row + shape.stride, shape.rows); t += 1u) {
        for (var u = column; u < min(column + shape.stride, shape.columns); u += 1u) {
            let at = first + (t * shape.columns + u) * shape.channels;
            x[at] = derive(x[at], select(0.0, gradient, at == best));
        }
    }
}
