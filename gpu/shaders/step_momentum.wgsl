// d = g + weight_decay * w; v = momentum * v + (1 - dampening) * d; w -= lr * v
struct StepMomentum {
    lr: f32,
    momentum: f32,
    dampening: f32,
    weight_decay: f32,
    updates: u32,
}
@group(0) @binding(0) var<storage, read> k: array<StepMomentum>;
@group(0) @binding(1) var<storage, read_write> w: array<V>;
@group(0) @binding(2) var<storage, read_write> v: array<V>;
@group(0) @binding(3) var<storage, read> g: array<V>;

struct Coef {
    lr: f32,
    momentum: f32,
    keep: f32,
    weight_decay: f32,
}

fn coef(r: u32) -> Coef {
    let h = k[r];
    return Coef(h.lr, h.momentum, select(1.0 - h.dampening, 1.0, counted(h.updates, r) == 0u), h.weight_decay);
}

fn apply(c: Coef, w: V, g: V, v: V) -> array<V, 2> {
    let d = g + c.weight_decay * w;
    let velocity = c.momentum * v + c.keep * d;
    return array(w - c.lr * velocity, velocity);
}
