// sum x * y
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> y: array<V>;

fn term(x: V, y: V) -> V {
    return x * y;
}
