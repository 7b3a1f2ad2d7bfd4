// w -= lr * (g + weight_decay * w)
struct StepSgd { lr: f32, weight_decay: f32 }
@group(0) @binding(0) var<storage, read> k: array<StepSgd>;
@group(0) @binding(1) var<storage, read_write> w: array<V>;
@group(0) @binding(2) var<storage, read> g: array<V>;

fn coef(r: u32) -> StepSgd {
    return k[r];
}

fn apply(c: StepSgd, w: V, g: V) -> V {
    return w - c.lr * (g + c.weight_decay * w);
}
