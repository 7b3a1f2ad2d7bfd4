// losses[sample] = logsumexp(z) - z[class]; z = (softmax(z) - onehot(class)) * scale
@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read_write> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;

// Finite logits can be further apart than the largest float; an infinite one must stay visible.
fn negative_log(largest: f32, sum: f32, wanted: f32) -> f32 {
    let loss = (largest - wanted) + ln_of_normal(sum);
    let finite = (bitcast<u32>(wanted) & 0x7f800000u) != 0x7f800000u;
    return select(loss, 3.4028235e38, bitcast<u32>(loss) == 0x7f800000u && finite);
}

fn count() -> u32 { return shape.samples; }

fn apply(i: u32, r: u32) {
    let first = r * shape.x_stride + i * shape.channels;
    let label = targets[(r * shape.samples + i) * shape.target_words];
    let wanted = z[first + label];
    var largest = -3.4028235e38;
    for (var c = 0u; c < shape.channels; c += 1u) {
        if (z[first + c] > largest) { largest = z[first + c]; }
    }
    var sum = 0.0;
    for (var c = 0u; c < shape.channels; c += 1u) {
        let e = exp_of_negative(z[first + c] - largest);
        z[first + c] = e;
        sum += e;
    }
    for (var c = 0u; c < shape.channels; c += 1u) {
        let p = z[first + c] / sum;
        z[first + c] = select(p, p - 1.0, c == label) * shape.scale;
    }
    losses[r * shape.y_stride + i] = negative_log(largest, sum, wanted);
}
