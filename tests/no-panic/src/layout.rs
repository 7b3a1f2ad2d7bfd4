//! Segments and groups, and what training will need of memory.

use flatmin::averages::Swa;
use flatmin::bill::{Bill, Shape};
use flatmin::layout::{Groups, Segment, Spans};
use flatmin::methods::Sam;
use flatmin::optimizers::{NoMomentum, Sgd};
use flatmin::state::Cost;

use crate::networks::Net;

type Method<'a> = Sam<Sgd<NoMomentum>, &'a mut [f32]>;

must_not_panic! {
    fn segment(segment: &Segment) -> usize {
        segment.len() + segment.slots() + usize::from(segment.is_empty())
    }

    fn groups(groups: Groups<'_>) -> usize {
        groups.len() + Groups::slots(&groups) + usize::from(Groups::is_empty(&groups)) + Groups::spans(groups).count()
    }

    fn spans(spans: &mut Spans<'_>) -> usize {
        <Spans<'_> as Iterator>::next(spans).map_or(0, |span| span.len)
    }

    fn cost(cost: &Cost, other: &Cost, params: usize, filters: usize) -> usize {
        cost.plus(*other).bytes(params, filters)
    }

    fn bill(shape: &Shape, method: &Cost, average: &Cost, count: usize) -> usize {
        let bill = Bill::sized(*shape, *method).averaged(*average).guard().trust(count).cross_validated(count);
        bill.samples::<i8>(count).classes(count).features(count, count).total()
    }

    fn bill_of_a_network(count: usize) -> usize {
        let bill = Bill::of::<Net, Method<'_>>().average::<Swa<&mut [f32]>>();
        bill.guard().trust(count).total() + Shape::of::<Net>().trainable
    }
}
