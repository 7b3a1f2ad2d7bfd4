// A run of neighbouring elements of one group of the layout.
struct Span {
    start: u32,
    len: u32,
    slot: u32,
    fan_in: u32,
}
@group(1) @binding(1) var<storage, read> spans: array<Span>;
