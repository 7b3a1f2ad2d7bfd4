// The mini-batch: inputs and targets of the chosen samples, of those that lie in this piece of the data.
@group(0) @binding(0) var<storage, read> data: array<f32>;
@group(0) @binding(1) var<storage, read> known: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> targets: array<u32>;

fn count() -> u32 { return shape.samples * inputs(); }

fn apply(i: u32, r: u32) {
    let sample = i / inputs();
    // The piece has `filters` samples from number `weights` on.
    let number = chosen[r * shape.samples + sample] - shape.weights;
    if (number >= shape.filters) { return; }
    x[r * shape.x_stride + i] = data[number * inputs() + i % inputs()];
    let words = shape.target_words;
    for (var word = i % inputs(); word < words; word += inputs()) {
        targets[(r * shape.samples + sample) * words + word] = known[number * words + word];
    }
}
