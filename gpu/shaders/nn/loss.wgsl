// losses[sample] = weight * loss of the logits z against the sample's target; z = its gradient * weight * scale.
// A target is [kind, class, q or temperature, weight, the teacher's logits].
@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read_write> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
const DOUBTFUL = 1u;
const TEACHER = 2u;

struct Softmax { largest: f32, sum: f32, finite: bool }

fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// Finite logits can be further apart than the largest float; an infinite one must stay visible.
fn visible(loss: f32, finite: bool) -> f32 {
    return select(loss, 3.4028235e38, bitcast<u32>(loss) == 0x7f800000u && finite);
}

fn share(z: f32, s: Softmax, temperature: f32) -> f32 {
    return exp_of_negative((z - s.largest) / temperature) / s.sum;
}

fn softmax(first: u32, temperature: f32) -> Softmax {
    var s = Softmax(-3.4028235e38, 0.0, true);
    for (var c = 0u; c < shape.channels; c += 1u) {
        if (z[first + c] > s.largest) { s.largest = z[first + c]; }
        s.finite = s.finite && is_finite(z[first + c]);
    }
    for (var c = 0u; c < shape.channels; c += 1u) { s.sum += exp_of_negative((z[first + c] - s.largest) / temperature); }
    return s;
}

fn cross_entropy(s: Softmax, wanted: f32) -> f32 {
    return visible((s.largest - wanted) + ln_of_normal(s.sum), is_finite(wanted));
}

fn cross_entropy_gradient(first: u32, s: Softmax, label: u32, scale: f32) {
    for (var c = 0u; c < shape.channels; c += 1u) {
        let p = share(z[first + c], s, 1.0);
        z[first + c] = select(p, p - 1.0, c == label) * scale;
    }
}

// The teacher's softmax, of logits kept as words.
fn teacher_softmax(first: u32, temperature: f32) -> Softmax {
    var s = Softmax(-3.4028235e38, 0.0, true);
    for (var c = 0u; c < shape.channels; c += 1u) { s.largest = max(s.largest, bitcast<f32>(targets[first + c])); }
    for (var c = 0u; c < shape.channels; c += 1u) {
        s.sum += exp_of_negative((bitcast<f32>(targets[first + c]) - s.largest) / temperature);
    }
    return s;
}

fn distillation(first: u32, teacher: u32, temperature: f32, scale: f32) -> f32 {
    let own = softmax(first, temperature);
    let other = teacher_softmax(teacher, temperature);
    var mean = 0.0;
    for (var c = 0u; c < shape.channels; c += 1u) {
        let value = z[first + c];
        let wanted = share(bitcast<f32>(targets[teacher + c]), other, temperature);
        // Nothing of no share, however far the logits are apart.
        if (wanted != 0.0 || !is_finite(value)) { mean += wanted * (own.largest - value); }
        z[first + c] = temperature * (share(value, own, temperature) - wanted) * scale;
    }
    return visible(temperature * mean + temperature * temperature * ln_of_normal(own.sum), own.finite);
}

fn count() -> u32 { return shape.samples; }

fn apply(i: u32, r: u32) {
    let first = r * shape.x_stride + i * shape.channels;
    let about = (r * shape.samples + i) * shape.target_words;
    let label = targets[about + 1u];
    let softness = bitcast<f32>(targets[about + 2u]);
    let weight = bitcast<f32>(targets[about + 3u]);
    let scale = weight * shape.scale;
    var loss = 0.0;
    if (targets[about] == TEACHER) {
        loss = distillation(first, about + 4u, softness, scale);
    } else {
        let s = softmax(first, 1.0);
        loss = cross_entropy(s, z[first + label]);
        var pull = scale;
        if (targets[about] == DOUBTFUL) {
            let p = exp_of_negative(-softness * loss);
            pull = p * scale;
            loss = (1.0 - p) / softness;
        }
        cross_entropy_gradient(first, s, label, pull);
    }
    losses[r * shape.y_stride + i] = weight * loss;
}
