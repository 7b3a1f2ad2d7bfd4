// g *= min(1, max_norm / sqrt(sq_norm))
struct Clip { max_norm: f32 }
@group(0) @binding(0) var<storage, read> k: array<Clip>;
@group(0) @binding(1) var<storage, read> sq_norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<V>;

fn coef(r: u32) -> f32 {
    let norm = sqrt(sq_norm[r]);
    return select(1.0, k[r].max_norm / norm, norm > k[r].max_norm);
}

fn apply(factor: f32, g: V) -> V {
    return factor * g;
}
