// A matrix product in tiles of SIDE * LEFT rows by SIDE * RIGHT columns. Every element is one sum, terms ascending, from
// `start`; what is missing of a tile is 0. A layer says what the factors are: `left(at, k)` and `right(at, k)`, where `at` is
// made by `left_at(m, r)` and `right_at(n, r)` once.
const SIDE = 16u;
var<workgroup> left_tile: array<f32, SIDE * (SIDE * LEFT + 1u)>;
var<workgroup> right_tile: array<f32, SIDE * (SIDE * RIGHT + 1u)>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let r = group.z;
    let across = (columns() + SIDE * RIGHT - 1u) / (SIDE * RIGHT);
    let tile = place(group, groups);
    let down = (rows() + SIDE * LEFT - 1u) / (SIDE * LEFT);
    let part = tile / across / down;
    if (part >= parts()) { return; }
    let first_row = tile / across % down * (SIDE * LEFT);
    let first_column = tile % across * (SIDE * RIGHT);
    let i = lane / SIDE;
    let j = lane % SIDE;
    // Neighbouring threads load neighbouring floats: along the sum or along the tile.
    let left_lane = select(vec2<u32>(j, i), vec2<u32>(i, j), LEFT_ALONG_SUM);
    let right_lane = select(vec2<u32>(j, i), vec2<u32>(i, j), RIGHT_ALONG_SUM);
    var sums: array<array<f32, RIGHT>, LEFT>;
    var left_places: array<Place, LEFT>;
    var right_places: array<Place, RIGHT>;
    for (var a = 0u; a < LEFT; a += 1u) {
        left_places[a] = left_at(first_row + left_lane.x + SIDE * a, part, r);
        for (var b = 0u; b < RIGHT; b += 1u) {
            let m = first_row + i + SIDE * a;
            let n = first_column + j + SIDE * b;
            sums[a][b] = 0.0;
            if (m < rows() && n < columns()) { sums[a][b] = start(m, n, r); }
        }
    }
    for (var b = 0u; b < RIGHT; b += 1u) {
        right_places[b] = right_at(first_column + right_lane.x + SIDE * b, part, r);
    }
    let length = depth();
    for (var first = 0u; first < length; first += SIDE) {
        workgroupBarrier();
        for (var a = 0u; a < LEFT; a += 1u) {
            let k = first + left_lane.y;
            var value = 0.0;
            if (left_places[a].exists && k < length) { value = left(left_places[a], k); }
            left_tile[left_lane.y * (SIDE * LEFT + 1u) + left_lane.x + SIDE * a] = value;
        }
        for (var b = 0u; b < RIGHT; b += 1u) {
            let k = first + right_lane.y;
            var value = 0.0;
            if (right_places[b].exists && k < length) { value = right(right_places[b], k); }
            right_tile[right_lane.y * (SIDE * RIGHT + 1u) + right_lane.x + SIDE * b] = value;
        }
        workgroupBarrier();
        for (var k = 0u; k < min(SIDE, length - first); k += 1u) {
            for (var a = 0u; a < LEFT; a += 1u) {
                let value = left_tile[k * (SIDE * LEFT + 1u) + i + SIDE * a];
                for (var b = 0u; b < RIGHT; b += 1u) {
                    sums[a][b] += value * right_tile[k * (SIDE * RIGHT + 1u) + j + SIDE * b];
                }
            }
        }
    }
    for (var a = 0u; a < LEFT; a += 1u) {
        for (var b = 0u; b < RIGHT; b += 1u) {
            let m = first_row + i + SIDE * a;
            let n = first_column + j + SIDE * b;
            if (m < rows() && n < columns()) { finish(m, n, part, r, sums[a][b]); }
        }
    }
}
