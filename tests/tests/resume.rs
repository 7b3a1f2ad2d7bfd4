//! Stop at any step or phase, save, load into fresh objects, finish: the bits of a run that was never stopped, for every
//! registered method, optimizer and average.

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Backend, Cpu, Portable};
use flatmin::checkpoint::{Position, Region, Snapshot, Store, Target};
use flatmin::drive::step;
use flatmin::error::Error;
use flatmin::hash;
use flatmin::method::{Eval, Method, Next};
use flatmin::registry::{ENTRIES, Role};
use flatmin::state::State;
use flatmin_sim::compose::{Receive, Spec};
use flatmin_tests::flash::Flash;
use flatmin_tests::say;
use flatmin_tests::trial::{N, NET, SEED, STEPS, clock, objective, specs, start, with};

/// The position's phases: before a step, and between a step and the look of the average at it.
const BEFORE_STEP: u32 = 0;
const BEFORE_AVERAGE: u32 = 1;

/// An average, chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    None,
    Swa,
    Ema,
}

const KINDS: [Kind; 3] = [Kind::None, Kind::Swa, Kind::Ema];

/// Something that looks at the weights after a step.
trait Observer: State<Cpu> {
    fn fresh() -> Self;
    fn look(&mut self, w: &[f32]);
}

impl Observer for () {
    fn fresh() {}
    fn look(&mut self, _: &[f32]) {}
}

impl Observer for Swa<Vec<f32>> {
    fn fresh() -> Self {
        Self::new(vec![0.0; N])
    }
    fn look(&mut self, w: &[f32]) {
        self.observe(&mut Cpu::detect(), w).unwrap();
    }
}

impl Observer for Ema<Vec<f32>> {
    fn fresh() -> Self {
        Self::new(vec![0.0; N]).decay(0.9)
    }
    fn look(&mut self, w: &[f32]) {
        self.observe(&mut Cpu::detect(), w).unwrap();
    }
}

/// A whole training state.
struct Run<M, A> {
    w: Vec<f32>,
    method: M,
    average: A,
}

impl<M: Method<Cpu>, A: Observer> Run<M, A> {
    fn finish(&mut self, from: Position) -> u32 {
        let mut g = vec![0.0; N];
        for t in from.step..STEPS {
            if t > from.step || from.phase == BEFORE_STEP {
                step(
                    &mut self.method,
                    &mut Cpu::detect(),
                    &mut self.w[..],
                    &mut g[..],
                    &clock(t),
                    |w, g, r| Ok::<f32, ()>(objective(w, g, r)),
                )
                .unwrap();
            }
            self.average.look(&self.w);
        }
        self.hash()
    }

    fn hash(&self) -> u32 {
        hash::state::<Cpu, _>(&self.w, &self.method)
            ^ hash::state::<Cpu, _>(&[], &self.average).rotate_left(16)
    }
}

/// Where a run is stopped: at step `step`, after `calls` gradients of it; after its last one, before or after the average
/// has looked.
#[derive(Clone, Copy, Debug)]
struct Stop {
    step: u32,
    calls: u32,
    looked: bool,
}

fn at(step: u32, phase: u32) -> Position {
    Position { step, total: STEPS, seed: SEED, drawn: 0, phase }
}

/// Runs up to `stop` and saves; `None` if the step has no such call, else the flash.
fn stopped<M: Method<Cpu>, A: Observer>(mut run: Run<M, A>, stop: Stop) -> Option<Flash<8, 512>> {
    let (mut g, mut b) = (vec![0.0; N], Cpu::detect());
    for t in 0..stop.step {
        step(&mut run.method, &mut b, &mut run.w[..], &mut g[..], &clock(t), |w, g, r| {
            Ok::<f32, ()>(objective(w, g, r))
        })
        .unwrap();
        run.average.look(&run.w);
    }
    let before = run.method.scalars();
    let mut next = run.method.begin(&mut b, &mut run.w, &clock(stop.step)).unwrap();
    for _ in 0..stop.calls {
        let Next::Gradient(request) = next else { return None };
        let loss = objective(&run.w, &mut g, request);
        next = run.method.resume(&mut b, &mut run.w, Eval { g: &mut g[..], loss }).unwrap();
    }
    let over = next == Next::Done;
    let position = match (over, stop.looked) {
        (false, false) => at(stop.step, BEFORE_STEP),
        (false, true) => return None,
        (true, false) => at(stop.step, BEFORE_AVERAGE),
        (true, true) => {
            run.average.look(&run.w);
            at(stop.step + 1, BEFORE_STEP)
        }
    };
    if run.method.clean(&run.w).is_none() {
        // The step is started again anyway.
        let refused = Snapshot::new(&b, NET, &run.w, &run.method, &run.average, position);
        assert_eq!(refused.err(), Some(Error::Perturbed));
        run.method.abort(&mut b, &mut run.w);
    }
    let mut flash = Flash::new(64);
    let mut store = Store::new(&mut flash, Region::new(0, 32 * 512)).unwrap();
    store.open().finish().unwrap();
    let snapshot = Snapshot::new(&b, NET, &run.w, &run.method, &run.average, position).unwrap();
    let snapshot = if over { snapshot } else { snapshot.started_at(before) };
    store.save(snapshot).unwrap().finish().unwrap();
    store.confirm().unwrap().finish().unwrap();
    flash.reboot();
    Some(flash)
}

/// Loads into fresh objects and finishes.
fn resumed<M: Method<Cpu>, A: Observer>(mut run: Run<M, A>, mut flash: Flash<8, 512>) -> u32 {
    let mut b = Cpu::detect();
    let mut store = Store::new(&mut flash, Region::new(0, 32 * 512)).unwrap();
    store.open().finish().unwrap();
    let target = Target::new(&mut b, NET, &mut run.w, &mut run.method, &mut run.average).unwrap();
    let position = store.load(target).unwrap().finish().unwrap();
    run.finish(position)
}

/// What is done with a composed method.
enum Act {
    Whole,
    Stop(Stop),
    Resume(Flash<8, 512>),
}

enum Outcome {
    Hash(u32),
    Stopped(Option<Flash<8, 512>>),
}

struct Visit(Kind, Act);

impl Receive<Cpu> for Visit {
    type Output = Outcome;
    fn receive<M: Method<Cpu> + 'static>(self, method: M) -> Outcome {
        fn act<M: Method<Cpu>, A: Observer>(method: M, act: Act) -> Outcome {
            let garbage = f32::from_bits(0x7fc1_2345);
            let mut run = Run { w: start(), method, average: A::fresh() };
            match act {
                Act::Whole => Outcome::Hash(run.finish(at(0, BEFORE_STEP))),
                Act::Stop(stop) => Outcome::Stopped(stopped(run, stop)),
                Act::Resume(flash) => {
                    // Nothing of what the buffers held before may show.
                    run.w.fill(garbage);
                    run.method.visit_mut(&mut |v| v.fill(garbage));
                    run.average.visit_mut(&mut |v| v.fill(garbage));
                    Outcome::Hash(resumed(run, flash))
                }
            }
        }
        match self.0 {
            Kind::None => act::<M, ()>(method, self.1),
            Kind::Swa => act::<M, Swa<Vec<f32>>>(method, self.1),
            Kind::Ema => act::<M, Ema<Vec<f32>>>(method, self.1),
        }
    }
}

fn run(spec: &Spec, kind: Kind, act: Act) -> Outcome {
    with::<Cpu, _>(spec, Visit(kind, act))
}

fn whole(spec: &Spec, kind: Kind) -> u32 {
    match run(spec, kind, Act::Whole) {
        Outcome::Hash(hash) => hash,
        Outcome::Stopped(_) => unreachable!(),
    }
}

#[test]
fn a_stopped_run_ends_with_the_bits_of_one_that_was_not() {
    let (mut stops, mut runs) = (0, 0);
    for spec in specs() {
        for kind in KINDS {
            let expected = whole(&spec, kind);
            runs += 1;
            for step in 0..STEPS {
                for (calls, looked) in (0..6).flat_map(|calls| [(calls, false), (calls, true)]) {
                    let stop = Stop { step, calls, looked };
                    let Outcome::Stopped(Some(flash)) = run(&spec, kind, Act::Stop(stop)) else { continue };
                    let Outcome::Hash(found) = run(&spec, kind, Act::Resume(flash)) else { unreachable!() };
                    assert_eq!(found, expected, "{} {kind:?} {stop:?}", spec.name());
                    stops += 1;
                }
            }
        }
    }
    // Every run is stopped at least before each step, and after it on either side of the average.
    assert!(stops >= runs * 3 * STEPS, "{stops} stops of {runs} runs");
    say(&format!("ran: resume ({runs} runs of every method, optimizer and average, stopped {stops} times)"));
}

#[test]
fn every_registered_average_is_resumed() {
    let known: Vec<_> = KINDS.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
    for entry in ENTRIES.iter().filter(|entry| entry.role == Role::Average) {
        assert!(known.iter().any(|name| name == entry.name), "{} is not resumed", entry.name);
    }
}

/// A step that was under way when its scalars were saved, against the advice, is dropped by the load.
#[test]
fn scalars_from_the_middle_of_a_step_do_no_harm() {
    use flatmin_tests::trained::Trained;
    let inside = Trained::inside(2);
    let position = Position { step: 2, total: STEPS, ..Position::default() };
    let snapshot = Snapshot::new(&Portable, NET, &inside.w, &inside.method, &inside.swa, position).unwrap();
    let mut flash = Flash::<4, 512>::new(8);
    let mut store = Store::new(&mut flash, Region::new(0, 4 * 512)).unwrap();
    store.open().finish().unwrap();
    store.save(snapshot).unwrap().finish().unwrap();
    store.confirm().unwrap().finish().unwrap();
    let (mut b, mut into) = (Portable, Trained::fresh());
    store.load(into.target(&mut b)).unwrap().finish().unwrap();
    let clean = Trained::after(2);
    assert_eq!(into.w, clean.w);
    assert_eq!(
        hash::state::<Portable, _>(&into.w, &into.method),
        hash::state::<Portable, _>(&clean.w, &clean.method)
    );
    assert_eq!(Portable.len(&into.w), N);
}
