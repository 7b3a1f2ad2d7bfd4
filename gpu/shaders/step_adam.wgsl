// d = g + l2 * w; m = beta1 * m + (1 - beta1) * d; v = beta2 * v + (1 - beta2) * d * d;
// w = shrink * w - lr * (m / c1) / (sqrt(v / c2) + eps)
struct StepAdam {
    lr: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    l2: f32,
    decay: f32,
    updates: u32,
}
@group(0) @binding(0) var<storage, read> k: array<StepAdam>;
@group(0) @binding(1) var<storage, read_write> w: array<V>;
@group(0) @binding(2) var<storage, read_write> m: array<V>;
@group(0) @binding(3) var<storage, read_write> v: array<V>;
@group(0) @binding(4) var<storage, read> g: array<V>;

struct Coef {
    rate: f32,
    beta1: f32,
    keep1: f32,
    beta2: f32,
    keep2: f32,
    root: f32,
    eps: f32,
    l2: f32,
    shrink: f32,
}

// 1 - beta^(updates + 1)
fn correction(beta: f32, updates: u32) -> f32 {
    let t = updates + select(1u, 0u, updates == 0xffffffffu);
    var q = 0.0;
    for (var bit = 32u - countLeadingZeros(t); bit > 0u; bit -= 1u) {
        q = q * (2.0 - q);
        q = select(q, beta * q + (1.0 - beta), (t >> (bit - 1u) & 1u) != 0u);
    }
    return q;
}

fn coef(r: u32) -> Coef {
    let h = k[r];
    let updates = counted(h.updates, r);
    var c: Coef;
    c.rate = h.lr / correction(h.beta1, updates);
    c.beta1 = h.beta1;
    c.keep1 = 1.0 - h.beta1;
    c.beta2 = h.beta2;
    c.keep2 = 1.0 - h.beta2;
    c.root = 1.0 / sqrt(correction(h.beta2, updates));
    c.eps = h.eps;
    c.l2 = h.l2;
    c.shrink = 1.0 - h.lr * h.decay;
    return c;
}

fn apply(c: Coef, w: V, g: V, m: V, v: V) -> array<V, 3> {
    let d = g + c.l2 * w;
    let first = c.beta1 * m + c.keep1 * d;
    let second = c.beta2 * v + c.keep2 * (d * d);
    return array(c.shrink * w - c.rate * first / (sqrt(second) * c.root + c.eps), first, second);
}
