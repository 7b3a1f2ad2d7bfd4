// Functions that work in place, and their derivatives at their own output.

// NaN stays NaN, whatever a driver makes of comparisons with it.
fn relu(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    return select(x, 0.0, bits >= 0x80000000u && bits <= 0xff800000u);
}

// By e^-2|x|; near 0, where that cancels, by the series.
fn hyperbolic_tangent(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    let square = x * x;
    if (square < 0.0625) {
        return x + x * square * (-1.0 / 3.0 + square * (2.0 / 15.0 + square * (-17.0 / 315.0 + square * (62.0 / 2835.0))));
    }
    let t = exp_of_negative(-2.0 * abs(x));
    let y = (1.0 - t) / (1.0 + t);
    return select(y, -y, x < 0.0);
}

fn activate(x: f32) -> f32 {
    switch shape.activation {
        case 1u: { return relu(x); }
        case 2u: { return hyperbolic_tangent(x); }
        default: { return x; }
    }
}

fn derive(y: f32, dy: f32) -> f32 {
    switch shape.activation {
        case 1u: { return select(0.0, dy, y > 0.0); }
        case 2u: { return dy * (1.0 - y * y); }
        default: { return dy; }
    }
}
