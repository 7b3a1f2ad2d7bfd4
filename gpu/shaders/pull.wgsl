// g += scale * strength * (w - anchor)
struct Pull { scale: f32 }
@group(0) @binding(0) var<storage, read> k: array<Pull>;
@group(0) @binding(1) var<storage, read> strengths: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<V>;
@group(0) @binding(3) var<storage, read> w: array<V>;
@group(0) @binding(4) var<storage, read> anchor: array<V>;

fn ones() -> array<V, 4> {
    return array<V, 4>(V(1.0), V(1.0), V(1.0), V(1.0));
}

fn scale(strength: f32, fan_in: u32, r: u32) -> f32 {
    return k[r].scale * strength;
}

fn apply(strength: V, g: V, w: V, anchor: V) -> V {
    return g + strength * (w - anchor);
}
