//! What the tests of `nn` share: nets, numbers, and two references that know nothing of `flatmin::nn`.

use flatmin::nn::{self, All, Conv1d, Conv2d, Dense, MaxPool2d, MeanTime, Network, Relu, Tanh};

/// A layer as the references see it.
#[derive(Clone, Copy)]
pub(crate) enum L {
    Dense { i: usize, o: usize },
    Conv { cin: usize, len: usize, k: usize, stride: usize, cout: usize },
    Conv2d { cin: usize, h: usize, w: usize, k: usize, stride: usize, cout: usize },
    MaxPool { h: usize, w: usize, c: usize, k: usize, stride: usize },
    Relu,
    Tanh,
    Mean { len: usize, c: usize },
}

pub(crate) type Wrist<A = All, B = All, C = All> = nn::seq!(
    Conv1d<6, 64, 5, 2, 16, A>, Relu<480>, Conv1d<16, 30, 5, 2, 16, B>, Relu<208>, MeanTime<13, 16>, Dense<16, 7, C>
);
pub(crate) const WRIST: &[L] = &[
    L::Conv { cin: 6, len: 64, k: 5, stride: 2, cout: 16 },
    L::Relu,
    L::Conv { cin: 16, len: 30, k: 5, stride: 2, cout: 16 },
    L::Relu,
    L::Mean { len: 13, c: 16 },
    L::Dense { i: 16, o: 7 },
];

pub(crate) type Digits<A = All, B = All> = nn::seq!(Dense<64, 32, A>, Relu<32>, Dense<32, 10, B>);
pub(crate) const DIGITS: &[L] = &[L::Dense { i: 64, o: 32 }, L::Relu, L::Dense { i: 32, o: 10 }];

/// Odd shapes: rows, channels and inputs that fill no block, a window that does not reach the end.
pub(crate) type Odd<A = All, B = All, C = All> = nn::seq!(
    Conv1d<3, 15, 4, 3, 5, A>, Tanh<20>, Conv1d<5, 4, 2, 1, 19, B>, Relu<57>, MeanTime<3, 19>, Dense<19, 3, C>
);
pub(crate) const ODD: &[L] = &[
    L::Conv { cin: 3, len: 15, k: 4, stride: 3, cout: 5 },
    L::Tanh,
    L::Conv { cin: 5, len: 4, k: 2, stride: 1, cout: 19 },
    L::Relu,
    L::Mean { len: 3, c: 19 },
    L::Dense { i: 19, o: 3 },
];

/// A stride beyond the filter, so that some inputs are never read, and more than a block of channels.
pub(crate) type Gaps<A = All, B = All, C = All> =
    nn::seq!(Dense<7, 180, A>, Tanh<180>, Conv1d<18, 10, 2, 3, 6, B>, Conv1d<6, 3, 3, 1, 5, C>);
pub(crate) const GAPS: &[L] = &[
    L::Dense { i: 7, o: 180 },
    L::Tanh,
    L::Conv { cin: 18, len: 10, k: 2, stride: 3, cout: 6 },
    L::Conv { cin: 6, len: 3, k: 3, stride: 1, cout: 5 },
];

/// Images that are not square, with odd numbers of filters, and more than a block of channels.
pub(crate) type Image<A = All, B = All, C = All> = nn::seq!(Conv2d<3, 9, 8, 3, 2, 21, A>, Relu<252>, Conv2d<21, 4, 3, 2, 1, 6, B>, Tanh<36>, Dense<36, 3, C>);
pub(crate) const IMAGE: &[L] = &[
    L::Conv2d { cin: 3, h: 9, w: 8, k: 3, stride: 2, cout: 21 },
    L::Relu,
    L::Conv2d { cin: 21, h: 4, w: 3, k: 2, stride: 1, cout: 6 },
    L::Tanh,
    L::Dense { i: 36, o: 3 },
];

/// Pools with gaps between windows and with a rim that no window reads, and a convolution with gaps.
pub(crate) type Pooled<A = All, B = All, C = All> = nn::seq!(
    Conv2d<2, 9, 12, 2, 1, 17, A>, Relu<1496>, MaxPool2d<8, 11, 17, 2, 3>, Conv2d<17, 3, 4, 1, 2, 5, B>,
    MaxPool2d<2, 2, 5, 1>, Tanh<20>, Dense<20, 4, C>
);
pub(crate) const POOLED: &[L] = &[
    L::Conv2d { cin: 2, h: 9, w: 12, k: 2, stride: 1, cout: 17 },
    L::Relu,
    L::MaxPool { h: 8, w: 11, c: 17, k: 2, stride: 3 },
    L::Conv2d { cin: 17, h: 3, w: 4, k: 1, stride: 2, cout: 5 },
    L::MaxPool { h: 2, w: 2, c: 5, k: 1, stride: 1 },
    L::Tanh,
    L::Dense { i: 20, o: 4 },
];

/// Numbers that are the same on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() >> 33) as usize % n
    }

    /// Uniform in [-1, 1).
    pub(crate) fn number(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub(crate) fn vector(&mut self, len: usize, scale: f32) -> Vec<f32> {
        (0..len).map(|_| self.number() * scale).collect()
    }
}

pub(crate) fn bits(v: &[f32]) -> Vec<u32> {
    v.iter().map(|v| v.to_bits()).collect()
}

/// Trainable and frozen vector of `N`.
pub(crate) fn split<N: Network>(full: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut w, mut frozen) = (vec![0.0; N::TRAINABLE], vec![0.0; N::FROZEN]);
    nn::split::<N>(full, &mut w, &mut frozen).unwrap();
    (w, frozen)
}

/// Loss in f64, by matrices: every layer is written as `y = M x + b`.
pub(crate) fn loss64(net: &[L], params: &[f64], x: &[f64], label: usize) -> f64 {
    let (mut x, mut at) = (x.to_vec(), 0);
    for layer in net {
        x = match *layer {
            L::Dense { i, o } => {
                let (w, b) = (&params[at..at + i * o], &params[at + i * o..at + i * o + o]);
                at += i * o + o;
                (0..o).map(|r| b[r] + (0..i).map(|k| w[r * i + k] * x[k]).sum::<f64>()).collect()
            }
            L::Conv { cin, len, k, stride, cout } => {
                let (w, b) = (&params[at..at + cout * k * cin], &params[at + cout * k * cin..]);
                at += cout * k * cin + cout;
                let tap = |o: usize, t: usize, c: usize| w[(o * k + t) * cin + c];
                let mut y = vec![];
                for start in (0..).map(|p| p * stride).take_while(|start| start + k <= len) {
                    for (o, b) in b.iter().enumerate().take(cout) {
                        let terms = (0..k).flat_map(|t| (0..cin).map(move |c| (t, c)));
                        y.push(b + terms.map(|(t, c)| tap(o, t, c) * x[(start + t) * cin + c]).sum::<f64>());
                    }
                }
                y
            }
            L::Conv2d { cin, h, w: width, k, stride, cout } => {
                let (w, b) = (&params[at..at + cout * k * k * cin], &params[at + cout * k * k * cin..]);
                at += cout * k * k * cin + cout;
                let mut y = vec![];
                for (top, left) in windows(h, width, k, stride) {
                    for (o, b) in b.iter().enumerate().take(cout) {
                        let mut sum = *b;
                        for (t, u, c) in (0..k * k * cin).map(|i| (i / cin / k, i / cin % k, i % cin)) {
                            sum += w[((o * k + t) * k + u) * cin + c]
                                * x[((top + t) * width + left + u) * cin + c];
                        }
                        y.push(sum);
                    }
                }
                y
            }
            L::MaxPool { h, w: width, c, k, stride } => {
                let max = |(top, left)| {
                    let value = move |t: usize, c0: usize| ((top + t / k) * width + left + t % k) * c + c0;
                    (0..c).map(move |c0| (0..k * k).map(|t| value(t, c0)).collect::<Vec<_>>())
                };
                let windows = windows(h, width, k, stride).flat_map(max);
                windows.map(|window| window.iter().map(|i| x[*i]).fold(f64::MIN, f64::max)).collect()
            }
            L::Relu => x.iter().map(|x| x.max(0.0)).collect(),
            L::Tanh => x.iter().map(|x| x.tanh()).collect(),
            L::Mean { len, c } => {
                (0..c).map(|c0| (0..len).map(|t| x[t * c + c0]).sum::<f64>() / len as f64).collect()
            }
        };
    }
    let max = x.iter().copied().fold(f64::MIN, f64::max);
    max + x.iter().map(|z| (z - max).exp()).sum::<f64>().ln() - x[label]
}

/// The numeric contract, word for word: one scalar loop a sum, everything stored, nothing skipped.
pub(crate) fn literal(net: &[L], params: &[f32], x: &[f32], label: usize, scale: f32, g: &mut [f32]) -> f32 {
    let (mut outputs, mut starts, mut at) = (vec![x.to_vec()], vec![], 0);
    for layer in net {
        let x = outputs.last().unwrap();
        let mut y = vec![];
        starts.push(at);
        match *layer {
            L::Relu => y.extend(x.iter().map(|x| if *x <= 0.0 { 0.0 } else { *x })),
            L::Tanh => y.extend(x.iter().map(|x| libm::tanhf(*x))),
            L::Mean { len, c } => {
                for c0 in 0..c {
                    let mut sum = 0.0;
                    for t in 0..len {
                        sum += x[t * c + c0];
                    }
                    y.push(sum * (1.0 / len as f32));
                }
            }
            L::MaxPool { c, .. } => {
                for window in reads(layer) {
                    (0..c).for_each(|c0| y.push(x[first_maximum(x, &window, c0)]));
                }
            }
            _ => {
                let (reads, o) = (reads(layer), filters(layer));
                let n = reads[0].len();
                for window in reads {
                    for r in 0..o {
                        let mut sum = params[at + o * n + r];
                        for (k, i) in window.iter().enumerate() {
                            sum += params[at + r * n + k] * x[*i];
                        }
                        y.push(sum);
                    }
                }
                at += o * n + o;
            }
        }
        outputs.push(y);
    }
    let z = outputs.pop().unwrap();
    let max = z.iter().copied().fold(f32::MIN, f32::max);
    let e: Vec<f32> = z.iter().map(|z| libm::expf(z - max)).collect();
    let mut sum = 0.0;
    for e in &e {
        sum += e;
    }
    let onehot = |class| if class == label { 1.0 } else { 0.0 };
    let mut dy: Vec<f32> = (0..z.len()).map(|c| (e[c] / sum - onehot(c)) * scale).collect();

    for (index, layer) in net.iter().enumerate().rev() {
        let (x, at) = (&outputs[index], starts[index]);
        let mut dx = vec![0.0; x.len()];
        match *layer {
            L::Relu => (0..x.len()).for_each(|i| dx[i] = if x[i] > 0.0 { dy[i] } else { 0.0 }),
            L::Tanh => (0..x.len()).for_each(|i| {
                let y = libm::tanhf(x[i]);
                dx[i] = dy[i] * (1.0 - y * y);
            }),
            L::Mean { len, c } => (0..len * c).for_each(|i| dx[i] = dy[i % c] * (1.0 / len as f32)),
            L::MaxPool { c, .. } => {
                for (p, window) in reads(layer).iter().enumerate() {
                    (0..c).for_each(|c0| dx[first_maximum(x, window, c0)] = dy[p * c + c0]);
                }
            }
            _ => {
                let (reads, o) = (reads(layer), filters(layer));
                let n = reads[0].len();
                for (p, window) in reads.iter().enumerate() {
                    for r in 0..o {
                        let d = dy[p * o + r];
                        g[at + o * n + r] += d;
                        for (k, i) in window.iter().enumerate() {
                            g[at + r * n + k] += d * x[*i];
                            dx[*i] += params[at + r * n + k] * d;
                        }
                    }
                }
            }
        }
        dy = dx;
    }
    (max - z[label]) + libm::logf(sum)
}

/// Where the windows of an image begin, row after row.
fn windows(h: usize, w: usize, k: usize, stride: usize) -> impl Iterator<Item = (usize, usize)> {
    let starts = move |len: usize| (0..).map(move |p| p * stride).take_while(move |start| start + k <= len);
    starts(h).flat_map(move |top| starts(w).map(move |left| (top, left)))
}

/// The inputs that each output position reads, in the order of a filter's weights. A dense layer has one
/// position; of a pool these are the inputs of channel 0.
fn reads(layer: &L) -> Vec<Vec<usize>> {
    let image = |h, w, c, k, stride, channels: usize| {
        let input = move |(top, left): (usize, usize), i: usize| {
            let (t, u) = (i / channels / k, i / channels % k);
            ((top + t) * w + left + u) * c + i % channels
        };
        let window = |corner| (0..k * k * channels).map(|i| input(corner, i)).collect();
        windows(h, w, k, stride).map(window).collect()
    };
    match *layer {
        L::Dense { i, .. } => vec![(0..i).collect()],
        L::Conv { cin, len, k, stride, .. } => {
            (0..=(len - k) / stride).map(|p| (p * stride * cin..(p * stride + k) * cin).collect()).collect()
        }
        L::Conv2d { cin, h, w, k, stride, .. } => image(h, w, cin, k, stride, cin),
        L::MaxPool { h, w, c, k, stride } => image(h, w, c, k, stride, 1),
        L::Relu | L::Tanh | L::Mean { .. } => unreachable!(),
    }
}

/// Where the maximum of a window in channel `c` lies, the first of equals.
fn first_maximum(x: &[f32], window: &[usize], c: usize) -> usize {
    let mut first = window[0] + c;
    for i in window {
        if x[i + c] > x[first] {
            first = i + c;
        }
    }
    first
}

fn filters(layer: &L) -> usize {
    match *layer {
        L::Dense { o, .. } => o,
        L::Conv { cout, .. } | L::Conv2d { cout, .. } => cout,
        _ => unreachable!(),
    }
}
