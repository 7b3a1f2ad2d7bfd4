// x *= factor
struct Scale { factor: f32 }
@group(0) @binding(0) var<storage, read> k: array<Scale>;
@group(0) @binding(1) var<storage, read_write> x: array<V>;

fn coef(r: u32) -> f32 {
    return k[r].factor;
}

fn apply(factor: f32, x: V) -> V {
    return factor * x;
}
