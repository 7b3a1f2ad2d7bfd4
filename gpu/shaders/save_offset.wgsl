// saved = w; w += e
@group(0) @binding(0) var<storage, read_write> w: array<V>;
@group(0) @binding(1) var<storage, read_write> saved: array<V>;
@group(0) @binding(2) var<storage, read> e: array<V>;

fn apply(w: V, saved: V, e: V) -> array<V, 2> {
    return array(w + e, w);
}
