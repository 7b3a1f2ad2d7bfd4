// mean += weight * (x - mean)
struct Lerp { weight: f32 }
@group(0) @binding(0) var<storage, read> k: array<Lerp>;
@group(0) @binding(1) var<storage, read_write> mean: array<V>;
@group(0) @binding(2) var<storage, read> x: array<V>;

fn coef(r: u32) -> f32 {
    return k[r].weight;
}

fn apply(weight: f32, mean: V, x: V) -> V {
    return mean + weight * (x - mean);
}
