// Exponential and logarithm in the steps of fdlibm, which `core` takes from the crate libm: with exact division the same bits.

// e^x for x <= 0.
fn exp_of_negative(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (x <= -103.972084) { return 0.0; }
    let size = bitcast<u32>(x) & 0x7fffffffu;
    if (size <= 0x39000000u) { return 1.0 + x; }
    var k = 0;
    var high = x;
    var low = 0.0;
    if (size > 0x3eb17218u) {
        k = select(-1, i32(1.442695 * x - 0.5), size > 0x3f851592u);
        high = x - f32(k) * bitcast<f32>(0x3f317200u);
        low = f32(k) * bitcast<f32>(0x35bfbe8eu);
    }
    let r = high - low;
    let square = r * r;
    let c = r - square * (bitcast<f32>(0x3e2aaa8fu) + square * bitcast<f32>(0xbb355215u));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    if (k >= -126) { return y * power_of_two(k); }
    // Through a normal number, so that the result is rounded once.
    return y * power_of_two(k + 102) * power_of_two(-102);
}

fn power_of_two(k: i32) -> f32 {
    return bitcast<f32>(u32(k + 127) << 23u);
}

// ln x for normal x, and NaN of NaN.
fn ln_of_normal(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    let offset = bitcast<u32>(x) + (0x3f800000u - 0x3f3504f3u);
    let k = f32(i32(offset >> 23u) - 127);
    let f = bitcast<f32>((offset & 0x007fffffu) + 0x3f3504f3u) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let t1 = w * (0.40000972152 + w * 0.24279078841);
    let t2 = z * (0.66666662693 + w * 0.28498786688);
    let half_square = 0.5 * f * f;
    return s * (half_square + (t2 + t1)) + k * bitcast<f32>(0x3717f7d1u) - half_square + f + k * bitcast<f32>(0x3f317180u);
}
