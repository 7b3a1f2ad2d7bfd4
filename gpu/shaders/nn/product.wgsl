// A matrix product in tiles of SIDE * LEFT rows by SIDE * RIGHT columns; a line with ROW or COLUMN stands once for each of a
// thread's rows or columns. Every element is one sum, terms ascending, from `start`; what is missing of a tile is 0. A layer
// says what the factors are: `left(at, k)` and `right(at, k)`, where `at` is made by `left_at` and `right_at` once.
const SIDE = 16u;
const LEFT_STEP = SIDE * LEFT + 1u;
const RIGHT_STEP = SIDE * RIGHT + 1u;
var<workgroup> left_tile: array<f32, SIDE * LEFT_STEP>;
var<workgroup> right_tile: array<f32, SIDE * RIGHT_STEP>;

fn left_or_zero(at: Place, k: u32) -> f32 {
    if (at.exists && k < depth()) { return left(at, k); }
    return 0.0;
}

fn right_or_zero(at: Place, k: u32) -> f32 {
    if (at.exists && k < depth()) { return right(at, k); }
    return 0.0;
}

fn start_or_zero(m: u32, n: u32, r: u32) -> f32 {
    if (m < rows() && n < columns()) { return start(m, n, r); }
    return 0.0;
}

fn finish_if(m: u32, n: u32, part: u32, r: u32, sum: f32) {
    if (m < rows() && n < columns()) { finish(m, n, part, r, sum); }
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let r = group.z;
    let across = (columns() + SIDE * RIGHT - 1u) / (SIDE * RIGHT);
    let down = (rows() + SIDE * LEFT - 1u) / (SIDE * LEFT);
    let tile = place(group, groups);
    let part = tile / across / down;
    if (part >= parts()) { return; }
    let first_row = tile / across % down * (SIDE * LEFT);
    let first_column = tile % across * (SIDE * RIGHT);
    let i = lane / SIDE;
    let j = lane % SIDE;
    // Neighbouring threads load neighbouring floats: along the sum or along the tile.
    let left_lane = select(vec2<u32>(j, i), vec2<u32>(i, j), LEFT_ALONG_SUM);
    let right_lane = select(vec2<u32>(j, i), vec2<u32>(i, j), RIGHT_ALONG_SUM);
    let left_cell = left_lane.y * LEFT_STEP + left_lane.x;
    let right_cell = right_lane.y * RIGHT_STEP + right_lane.x;
    let left_ROW = left_at(first_row + left_lane.x + SIDE * ROWu, part, r);
    let right_COLUMN = right_at(first_column + right_lane.x + SIDE * COLUMNu, part, r);
    var sum_ROW_COLUMN = start_or_zero(first_row + i + SIDE * ROWu, first_column + j + SIDE * COLUMNu, r);
    let length = depth();
    for (var first = 0u; first < length; first += SIDE) {
        workgroupBarrier();
        left_tile[left_cell + SIDE * ROWu] = left_or_zero(left_ROW, first + left_lane.y);
        right_tile[right_cell + SIDE * COLUMNu] = right_or_zero(right_COLUMN, first + right_lane.y);
        workgroupBarrier();
        for (var k = 0u; k < min(SIDE, length - first); k += 1u) {
            let a_ROW = left_tile[k * LEFT_STEP + i + SIDE * ROWu];
            let b_COLUMN = right_tile[k * RIGHT_STEP + j + SIDE * COLUMNu];
            sum_ROW_COLUMN += a_ROW * b_COLUMN;
        }
    }
    finish_if(first_row + i + SIDE * ROWu, first_column + j + SIDE * COLUMNu, part, r, sum_ROW_COLUMN);
}
