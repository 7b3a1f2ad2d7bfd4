// y[row, column][channel] = activation(the first largest of x[window][channel]); a NaN is the largest
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn count() -> u32 { return shape.samples * outputs(); }

fn apply(i: u32, r: u32) {
    let channel = i % shape.channels;
    let column = i / shape.channels % shape.out_columns * shape.stride;
    let row = i / shape.channels / shape.out_columns % shape.out_rows * shape.stride;
    let first = r * shape.x_stride + i / outputs() * inputs() + channel;
    var largest = x[first + (row * shape.columns + column) * shape.channels];
    for (var t = 0u; t < shape.kernel_rows; t += 1u) {
        for (var u = 0u; u < shape.kernel_columns; u += 1u) {
            let value = x[first + ((row + t) * shape.columns + column + u) * shape.channels];
            if (value > largest || is_nan(value)) { largest = value; }
        }
    }
    y[r * shape.y_stride + i] = activate(largest);
}
