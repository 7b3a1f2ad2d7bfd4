//! Every kernel of the registry as something to time, whatever it runs on.

use super::Measurement;
use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::layout::{Kind, Segment};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};

/// Elements of a filter in the noise kernels.
const FAN_IN: usize = 64;

/// Something to time on the vectors `P`.
pub(super) struct Workload<P> {
    pub(super) name: &'static str,
    /// Whether an optimizer reads the old weights from a saved copy.
    pub(super) restore: bool,
    pub(super) bytes_per_param: usize,
    pub(super) run: fn(&mut P),
}

impl<P> Workload<P> {
    /// Gigabytes a second, where a call on `n` elements takes so long.
    pub(super) fn rate(&self, n: usize, seconds: f64) -> f64 {
        (self.bytes_per_param * n) as f64 / seconds / 1e9
    }

    /// The line of the table, where a copy moves `copy` gigabytes a second.
    pub(super) fn measurement(&self, n: usize, seconds: f64, copy: f64) -> Measurement {
        let rate = self.rate(n, seconds);
        Measurement {
            name: format!("{}{}", if self.restore { "restore + " } else { "" }, self.name),
            vector_bytes: n * size_of::<f32>(),
            bytes_per_param: self.bytes_per_param,
            ns_per_param: seconds * 1e9 / n as f64,
            gigabytes_per_second: rate,
            ratio_to_memcpy: rate / copy,
        }
    }
}

/// What all vectors hold at first: positive, and far from what is slow.
pub(super) fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 4096) as f32 / 4096.0 + 0.25).collect()
}

/// The segments of vectors of `n` elements.
pub(super) const fn segments(n: usize) -> [Segment; 1] {
    [Segment { filters: (n / FAN_IN) as u32, fan_in: FAN_IN as u32, kind: Kind::Weight }]
}

/// Vectors that kernels of every shape run on.
pub(super) trait Run: Sized {
    fn map<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: MapLoop<O, I>;

    fn reduce<K: Reduce<I>, const I: usize>(&mut self, kernel: K)
    where
        Arity: Rows<I>;

    fn update<K: Update<ST>, const ST: usize>(&mut self, kernel: K, restore: bool)
    where
        Arity: UpdateLoop<ST>;

    fn fill<K: Fill<O, I>, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: FillLoop<O, I>;
}

macro_rules! row {
    (map [$s:literal $o:literal $i:literal] $kernel:ident $fields:tt) => {
        vec![Workload {
            name: <$kernel as Map<$s, $o, $i>>::NAME,
            restore: false,
            bytes_per_param: 4 * ($o + <$kernel as Map<$s, $o, $i>>::READS),
            run: |pool: &mut P| pool.map::<_, $s, $o, $i>($kernel $fields),
        }]
    };
    (reduce [$i:literal] $kernel:ident $fields:tt) => {
        vec![Workload {
            name: <$kernel as Reduce<$i>>::NAME,
            restore: false,
            bytes_per_param: 4 * $i,
            run: |pool: &mut P| pool.reduce::<_, $i>($kernel $fields),
        }]
    };
    (update [$st:literal] $kernel:ident $fields:tt) => {
        vec![
            Workload {
                name: <$kernel as Update<$st>>::NAME,
                restore: false,
                bytes_per_param: 4 * (3 + 2 * $st),
                run: |pool: &mut P| pool.update::<_, $st>($kernel $fields, false),
            },
            Workload {
                name: <$kernel as Update<$st>>::NAME,
                restore: true,
                bytes_per_param: 4 * (3 + 2 * $st),
                run: |pool: &mut P| pool.update::<_, $st>($kernel $fields, true),
            },
        ]
    };
    (fill [$o:literal $i:literal] $kernel:ident $fields:tt) => {
        vec![Workload {
            name: <$kernel as Fill<$o, $i>>::NAME,
            restore: false,
            bytes_per_param: 4 * ($o + <$kernel as Fill<$o, $i>>::READS),
            run: |pool: &mut P| pool.fill::<_, $o, $i>($kernel $fields),
        }]
    };
}

/// All kernels, in the order of the registry.
pub(super) fn kernels<P: Run>() -> Vec<Workload<P>> {
    macro_rules! rows {
        ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => {
            [$(row!($shape $arity $kernel $fields)),*]
        };
    }
    for_each_kernel!(rows).into_iter().flatten().collect()
}
