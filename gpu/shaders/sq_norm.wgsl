// sum x * x
@group(0) @binding(0) var<storage, read> x: array<V>;

fn term(x: V) -> V {
    return x * x;
}
