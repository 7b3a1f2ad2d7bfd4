//! Every kernel has the bits of its written definition on every backend, at every length and for every kind of data.

#[cfg(target_arch = "x86_64")]
use flatmin::backend::Avx2;
use flatmin::backend::{Cpu, Isa, Portable, Sliced};
use flatmin::layout::Sharing;
use flatmin::rng::TILE;
use flatmin_tests::compare::close;
use flatmin_tests::parity::{Form, Hold, Literal, Pool, every, run_sliced};
use flatmin_tests::problems::Data;
use flatmin_tests::say;
use flatmin_tests::tolerance::tolerance;

const LENGTHS: [usize; 12] = [0, 1, 7, 8, 9, 31, 1000, 1023, 1024, 1025, 4097, 100_003];

/// Calls `test` with every length, kind of data and sharing rule.
fn cases(mut test: impl FnMut(&str, &Pool)) {
    for n in LENGTHS {
        for data in Data::ALL {
            for sharing in [Sharing::Tensor, Sharing::Row] {
                test(&format!("{n} {data:?} {sharing:?}"), &Pool::new(n, data, sharing));
            }
        }
    }
}

/// Every kernel on `b` against the written definition.
fn follows_the_definition<B: Hold>(name: &str, mut b: B) {
    cases(|case, pool| {
        for (row, literal) in every::<B>().iter().zip(every::<Literal>()) {
            // Only these look at the layout.
            if pool.sharing == Sharing::Row && !matches!(row.form, Form::Groups | Form::Fill) {
                continue;
            }
            let (mut found, mut expected) = (pool.clone(), pool.clone());
            (row.run)(&mut b, &mut found);
            (literal.run)(&mut Literal::default(), &mut expected);
            found.same_bits(&format!("{} {:?}, {case}", row.name, row.form), &expected).unwrap();
        }
    });
    say(&format!("ran: lanes on {name}"));
}

#[test]
fn portable_follows_the_definition() {
    follows_the_definition("portable", Portable);
}

#[test]
fn avx2_follows_the_definition() {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return follows_the_definition("avx2", avx2);
    }
    say("skipped: lanes on avx2");
}

#[test]
fn the_detected_cpu_follows_the_definition() {
    follows_the_definition("cpu", Cpu::detect());
}

fn slices_change_nothing<B: Isa>(inner: B) {
    cases(|case, pool| {
        for (row, whole) in every::<Sliced<B>>().iter().zip(every::<B>()) {
            if pool.sharing == Sharing::Row && !matches!(row.form, Form::Groups | Form::Fill) {
                continue;
            }
            let n = pool.vectors[0].len();
            let mut expected = pool.clone();
            (whole.run)(&mut inner.clone(), &mut expected);
            for budget in [1, 33, 1000, 1024, 30_000] {
                if n > 200 * budget {
                    continue;
                }
                let mut found = pool.clone();
                let pieces = run_sliced(row, inner, budget, &mut found);
                // A tile of noise that is cut is drawn twice, so pieces end with one if they can.
                let uncut =
                    if row.form == Form::Fill && budget >= TILE { budget / TILE * TILE } else { budget };
                assert_eq!(
                    pieces,
                    1 + n.saturating_sub(budget).div_ceil(uncut),
                    "{} of {case} by {budget}",
                    row.name
                );
                let what = format!("{} {:?} by {budget}, {case}", row.name, row.form);
                found.same_bits(&what, &expected).unwrap();
            }
        }
    });
    say(&format!("ran: lanes on sliced {}", B::NAME));
}

#[test]
fn slices_of_portable_change_nothing() {
    slices_change_nothing(Portable);
}

#[test]
fn slices_of_the_cpu_change_nothing() {
    slices_change_nothing(Cpu::detect());
}

/// The definition itself against sums in f64.
#[test]
fn sums_are_close_to_exact_ones() {
    for n in LENGTHS {
        for data in [Data::Normal, Data::Wide] {
            let pool = Pool::new(n, data, Sharing::Tensor);
            let wide = |k: usize| pool.vectors[k].iter().map(|x| f64::from(*x));
            for row in every::<Portable>().iter().filter(|row| row.form == Form::Reduce) {
                let terms: Vec<f64> = match row.name {
                    "dot" => wide(0).zip(wide(1)).map(|(x, y)| x * y).collect(),
                    "non_finite" => vec![0.0; n],
                    "sq_norm" => wide(0).map(|x| x * x).collect(),
                    other => panic!("say what `{other}` sums"),
                };
                let exact: f64 = terms.iter().sum();
                let size: f64 = terms.iter().map(|x| x.abs()).sum();
                let mut found = pool.clone();
                (row.run)(&mut Portable, &mut found);
                let bar = tolerance("reduce_bound") * size + tolerance("reduce_underflow") * n as f64;
                let what = format!("{} of {n} {data:?}", row.name);
                close(&what, found.sum.into(), exact, bar).unwrap();
                if row.name == "sq_norm" && data == Data::Normal {
                    close(&what, found.sum.into(), exact, tolerance("reduce_typical") * size).unwrap();
                }
            }
        }
    }
}
