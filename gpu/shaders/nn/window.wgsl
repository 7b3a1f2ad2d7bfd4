// Where in the data an element of a window lies: `window(m)` of output position m of all samples, plus `tap(k)`.
fn window(m: u32) -> u32 {
    let sample = m / (shape.out_rows * shape.out_columns);
    let row = m / shape.out_columns % shape.out_rows * shape.stride;
    let column = m % shape.out_columns * shape.stride;
    return sample * inputs() + (row * shape.columns + column) * shape.channels;
}

fn tap(k: u32) -> u32 {
    let span = shape.kernel_columns * shape.channels;
    return k / span * shape.columns * shape.channels + k % span;
}
