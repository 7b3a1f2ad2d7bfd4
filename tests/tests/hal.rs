//! Phase pins, pacing, deadlines and steps in pieces: the bits of `step`, whatever is put around them.

use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Wait};
use embedded_hal_mock::eh1::digital::{Mock as Pin, State as Level, Transaction as Edge};
use flatmin::backend::{Cpu, Portable, Progress, Sliced};
use flatmin::drive::{Deadline, StepError, step, step_sliced, step_sliced_async};
use flatmin::error::{Error, Quantity};
use flatmin::hal::{Pace, PhasePin};
use flatmin::hash;
use flatmin::method::{Eval, Method, Next};
use flatmin::methods::Sam;
use flatmin::nn::{self, Dense, Evaluation, Network, Relu};
use flatmin::optimizers::Sgd;
use flatmin_sim::compose::Receive;
use flatmin_tests::compare::same_bits;
use flatmin_tests::every_method;
use flatmin_tests::trial::{N, STEPS, Sample, clock, objective, pause, reference, samples, start, with};
use std::cell::Cell;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn ok(w: &[f32], g: &mut [f32], r: flatmin::method::Request) -> Result<f32, ()> {
    Ok(objective(w, g, r))
}

#[test]
fn steps_in_pieces_have_the_bits_of_step() {
    for budget in [1, 13, 1000] {
        struct Visit(Sample, usize);
        impl Receive<Sliced<Cpu>> for Visit {
            type Output = ();
            fn receive<M: Method<Sliced<Cpu>> + 'static>(self, mut method: M) {
                let (mut w, mut g, mut between) = (start(), vec![0.0; N], 0);
                let mut b = Sliced::new(Cpu::detect(), self.1);
                for t in 0..STEPS {
                    step_sliced(&mut method, &mut b, &mut w, &mut g, &clock(t), ok, || between += 1).unwrap();
                }
                assert_eq!(hash::state(&w, &method), reference(&self.0), "{} by {}", self.0.name(), self.1);
                assert_eq!(between > 0, self.1 < N, "{between} pauses by {}", self.1);
            }
        }
        for spec in samples() {
            with::<Sliced<Cpu>, _>(&spec, Visit(spec, budget));
        }
    }
}

#[test]
fn a_sliced_future_has_the_bits_of_step_and_may_be_dropped_anywhere() {
    every_method!(Sliced<Cpu>, |method, spec| {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        let mut b = Sliced::new(Cpu::detect(), 29);
        for t in 0..STEPS {
            let clock = clock(t);
            let before = hash::state(&w, &method);
            for polls in 0.. {
                let clean = w.clone();
                let future = step_sliced_async(
                    &mut method,
                    &mut b,
                    &mut w,
                    &mut g,
                    &clock,
                    async |w, g, r| {
                        pause().await;
                        ok(w, g, r)
                    },
                    async || pause().await,
                );
                let mut over = false;
                {
                    let mut future = pin!(future);
                    for _ in 0..=polls {
                        if let Poll::Ready(said) =
                            future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
                        {
                            said.unwrap();
                            over = true;
                            break;
                        }
                    }
                }
                // In the middle of the last update a step that is dropped is finished instead.
                if over || hash::state(&w, &method) != before {
                    break;
                }
                same_bits(&format!("{} dropped after {polls} polls", spec.name()), &w, &clean).unwrap();
            }
        }
        assert_eq!(hash::state(&w, &method), reference(&spec), "{}", spec.name());
    });
}

#[test]
fn a_fault_in_pieces_leaves_clean_weights() {
    every_method!(Sliced<Portable>, |method, spec| {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        let mut b = Sliced::new(Portable, 5);
        let said = step_sliced(
            &mut method,
            &mut b,
            &mut w,
            &mut g,
            &clock(0),
            |w, g, r| {
                let loss = objective(w, g, r);
                g[N - 1] = f32::NAN;
                Ok::<f32, ()>(loss)
            },
            || {},
        );
        assert_eq!(said, Err(StepError::Method(Error::NonFinite(Quantity::Gradient))), "{}", spec.name());
        same_bits(&spec.name(), &w, &start()).unwrap();
        let said =
            step_sliced(&mut method, &mut b, &mut w, &mut g, &clock(0), |_, _, _| Err("no sample"), || {});
        assert_eq!(said, Err(StepError::Objective("no sample")));
        same_bits(&spec.name(), &w, &start()).unwrap();
    });
}

#[test]
fn a_deadline_never_starts_a_piece_that_may_not_end_in_time() {
    // A clock whose pieces take 10 to 17 ticks, and which wraps around.
    let (now, worked) = (Cell::new(u32::MAX - 60), Cell::new(0));
    let mut deadline = Deadline::new(|| now.get(), 100);
    let (mut w, mut method) = (start(), Sam::new(Sgd::new(), vec![0.0; N]));
    let (mut g, mut b) = (vec![0.0; N], Sliced::new(Portable, 1));
    let (mut windows, mut pieces) = (0_u32, 0_u32);
    let mut next = None;
    loop {
        let opened = now.get();
        let progress = deadline.run(|| {
            pieces += 1;
            worked.set(10 + pieces % 8);
            now.set(now.get().wrapping_add(worked.get()));
            match next {
                None => b.begin(&mut method, &mut w, &clock(0)),
                Some(loss) => b.resume(&mut method, &mut w, Eval { g: &mut g[..], loss }),
            }
        });
        windows += 1;
        assert!(now.get().wrapping_sub(opened) <= 100, "window {windows} is overrun");
        match progress.unwrap() {
            Progress::Pending => {
                assert!(now.get().wrapping_sub(opened) > 100 - 17 - 17, "a window is wasted");
            }
            Progress::Ready(Next::Gradient(request)) => next = Some(objective(&w, &mut g, request)),
            Progress::Ready(Next::Done) => break,
        }
    }
    assert!(pieces > 200 && windows < pieces / 4, "{pieces} pieces in {windows} windows");
    assert_eq!(deadline.longest(), 17);
    let mut expected = start();
    step(
        &mut Sam::new(Sgd::new(), vec![0.0; N]),
        &mut Portable,
        &mut expected[..],
        &mut g[..],
        &clock(0),
        ok,
    )
    .unwrap();
    same_bits("by deadline", &w, &expected).unwrap();
}

#[test]
fn a_deadline_serves_networks_too() {
    type Net = nn::seq!(Dense<4, 8>, Relu<8>, Dense<8, 3>);
    let (x, w) = ([1.0; Net::IN], [0.1; Net::TRAINABLE]);
    let loss = |window| {
        let (mut acts, mut g) = ([0.0; Net::ACTS], [0.0; Net::TRAINABLE]);
        let mut evaluation = Evaluation::<Net>::gradient(&x, 2, 1.0, &w, &[], &mut acts, &mut g).unwrap();
        let mut ticks = 0;
        let mut deadline = Deadline::new(
            || {
                ticks += 1;
                ticks
            },
            window,
        );
        let mut turns = 0;
        loop {
            turns += 1;
            if let Poll::Ready(loss) = deadline.run(|| evaluation.poll(1)) {
                return (loss, g, turns);
            }
        }
    };
    let ((whole, g, turns), (cut, h, more)) = (loss(u32::MAX), loss(3));
    assert!(turns == 1 && more > 5, "{turns}, {more}");
    assert_eq!(whole.to_bits(), cut.to_bits());
    same_bits("gradient", &g, &h).unwrap();
}

#[test]
fn the_pin_is_high_while_the_method_works() {
    let edge = Edge::set;
    // Low when made; begin, ascent, descent.
    let expected = [edge(Level::Low)]
        .into_iter()
        .chain([Level::High, Level::Low].into_iter().cycle().take(6).map(edge))
        // `step` leaves no step under way: an abort, which shows too.
        .chain([edge(Level::High), edge(Level::Low)]);
    let mut pin = Pin::new(&expected.collect::<Vec<_>>());
    let (mut w, mut g) = (start(), vec![0.0; N]);
    let mut method = PhasePin::new(Sam::new(Sgd::new(), vec![0.0; N]), pin.clone());
    step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock(0), ok).unwrap();
    pin.done();
}

#[test]
fn a_pin_changes_no_bit_even_if_it_fails() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g, mut edges) = (start(), vec![0.0; N], 0);
        let mut method = PhasePin::new(method, Broken(&mut edges));
        for t in 0..STEPS {
            step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(t), ok).unwrap();
        }
        assert_eq!(hash::state::<Cpu, _>(&w, &method), reference(&spec), "{}", spec.name());
        drop(method);
        assert!(edges > 4 * STEPS);
    });
}

/// A pin that fails.
struct Broken<'a>(&'a mut u32);

impl embedded_hal::digital::ErrorType for Broken<'_> {
    type Error = MockError;
}

impl embedded_hal::digital::OutputPin for Broken<'_> {
    fn set_low(&mut self) -> Result<(), MockError> {
        *self.0 += 1;
        Err(MockError::Io(ErrorKind::BrokenPipe))
    }
    fn set_high(&mut self) -> Result<(), MockError> {
        self.set_low()
    }
}

#[test]
fn pacing_waits_once_a_piece() {
    // SGD in pieces of 30 of 83 elements: the finite check and the update, each in three.
    let (mut w, mut g, mut b) = (start(), vec![0.0; N], Sliced::new(Portable, 30));
    let mut delay = CheckedDelay::new(&vec![Wait::delay_ns(1500); 5]);
    let mut pace = Pace::new(delay.clone(), 1500);
    let mut method = flatmin::methods::Plain::new(Sgd::new());
    step_sliced(&mut method, &mut b, &mut w, &mut g, &clock(0), ok, || pace.wait()).unwrap();
    delay.done();
}
