// saved = w; w += rho / (sqrt(sq_norm) + eps) * g
struct SaveAscend { rho: f32, eps: f32 }
@group(0) @binding(0) var<storage, read> k: array<SaveAscend>;
@group(0) @binding(1) var<storage, read> sq_norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<V>;
@group(0) @binding(3) var<storage, read_write> saved: array<V>;
@group(0) @binding(4) var<storage, read> g: array<V>;

fn coef(r: u32) -> f32 {
    return select(0.0, k[r].rho / (sqrt(sq_norm[r]) + k[r].eps), sq_norm[r] > 0.0);
}

fn apply(scale: f32, w: V, saved: V, g: V) -> array<V, 2> {
    return array(w + scale * g, w);
}
