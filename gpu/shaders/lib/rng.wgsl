// Philox4x32-10 and Box-Muller on own ln and sincos, four counters at a time: see core/src/rng.rs and core/src/math.rs.
struct Key {
    seed_low: u32,
    seed_high: u32,
    step: u32,
    stream: u32,
}

// The high words of 32 x 32 bit products.
fn multiply_high(a: u32, b: U) -> U {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & U(0xffffu);
    let b1 = b >> vec4<u32>(16u);
    let t = a0 * b0;
    let mid = a1 * b0 + (t >> vec4<u32>(16u));
    let low = a0 * b1 + (mid & U(0xffffu));
    return a1 * b1 + (mid >> vec4<u32>(16u)) + (low >> vec4<u32>(16u));
}

fn philox(counter: array<U, 4>, key: vec2<u32>) -> array<U, 4> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round += 1u) {
        let h0 = multiply_high(0xd2511f53u, c[0]);
        let l0 = 0xd2511f53u * c[0];
        let h1 = multiply_high(0xcd9e8d57u, c[2]);
        let l1 = 0xcd9e8d57u * c[2];
        c = array<U, 4>(h1 ^ c[1] ^ U(k.x), l1, h0 ^ c[3] ^ U(k.y), l0);
        k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}

// The natural logarithm of a positive normal number.
fn ln(x: V) -> V {
    let offset = bitcast<U>(x) - U(0x3f3504f3u);
    let exponent = V(bitcast<vec4<i32>>(offset) >> vec4<u32>(23u));
    let f = bitcast<V>((offset & U(0x007fffffu)) + U(0x3f3504f3u)) - 1.0;
    let square = f * f;
    var p = V(7.0376836e-2);
    p = p * f - 1.151461e-1;
    p = p * f + 1.1676999e-1;
    p = p * f - 1.2420141e-1;
    p = p * f + 1.4249323e-1;
    p = p * f - 1.6668057e-1;
    p = p * f + 2.0000715e-1;
    p = p * f - 2.4999994e-1;
    p = p * f + 0.3333333;
    let low = p * f * square + exponent * -2.1219444e-4 - 0.5 * square;
    return f + low + exponent * 0.6933594;
}

// Two vectors of standard normal values of two of random words.
fn box_muller(a: U, b: U) -> array<V, 2> {
    let u = V((a >> vec4<u32>(8u)) + U(1u)) * (1.0 / 16777216.0);
    let radius = sqrt(-2.0 * ln(u));
    // The angle is an integer; the nearest quarter turn, and the signed rest.
    let quadrant = (b + U(0x20000000u)) >> vec4<u32>(30u);
    let rest = bitcast<vec4<i32>>(b - (quadrant << vec4<u32>(30u)));
    let angle = V(rest >> vec4<u32>(6u)) * 9.362675968e-8;
    let z = angle * angle;
    let s = ((-1.9515296e-4 * z + 8.332161e-3) * z - 1.6666655e-1) * z * angle + angle;
    let c = (((2.4433157e-5 * z - 1.3887316e-3) * z + 4.1666646e-2) * z - 0.5) * z + 1.0;
    let odd = (quadrant & U(1u)) != U(0u);
    let sine = bitcast<V>(bitcast<U>(select(s, c, odd)) ^ ((quadrant & U(2u)) << vec4<u32>(30u)));
    let cosine = bitcast<V>(bitcast<U>(select(c, s, odd)) ^ (((quadrant + U(1u)) & U(2u)) << vec4<u32>(30u)));
    return array<V, 2>(radius * cosine, radius * sine);
}

// Elements 4q .. 4q + 3 of each of the four rows of 16 of a tile of 64.
fn normals(tile: u32, q: u32, key: Key) -> array<V, 4> {
    let index = U(16u * tile + 4u * q) + U(0u, 1u, 2u, 3u);
    let counter = array<U, 4>(index, U(0u), U(key.step), U(key.stream));
    let words = philox(counter, vec2<u32>(key.seed_low, key.seed_high));
    let a = box_muller(words[0], words[1]);
    let b = box_muller(words[2], words[3]);
    return array<V, 4>(a[0], a[1], b[0], b[1]);
}
