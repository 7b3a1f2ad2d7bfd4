// saved = w; w += gamma * norm [/ sqrt(fan_in)] * z
struct Perturb { gamma: f32, rms: u32, key: Key }
@group(0) @binding(0) var<storage, read> k: array<Perturb>;
@group(0) @binding(1) var<storage, read> sq_norms: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<V>;
@group(0) @binding(3) var<storage, read_write> saved: array<V>;

fn scale(sq_norm: f32, fan_in: u32, r: u32) -> f32 {
    let count = select(f32(fan_in), 1.0, k[r].rms == 0u);
    return k[r].gamma * sqrt(sq_norm / count);
}

fn apply(noise: V, w: V, saved: V) -> array<V, 2> {
    return array(w + noise, w);
}
