//! Pipelines of stages, each built when a network first needs it.

use super::sources::Stage;
use crate::error::Error;
use crate::pipelines::{Kind, Pipeline, build};
use crate::runtime::Runtime;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Those that were built.
#[derive(Debug, Default)]
pub(crate) struct Stages(Mutex<HashMap<Stage, Arc<Pipeline>>>);

impl Runtime {
    /// The pipeline of a stage.
    pub(super) fn stage(&self, stage: Stage) -> Result<Arc<Pipeline>, Error> {
        let mut stages = self.stages.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = stages.get(&stage) {
            return Ok(known.clone());
        }
        let own: Vec<_> = stage
            .bindings()
            .into_iter()
            .map(|written| if written { Kind::Write } else { Kind::Read })
            .collect();
        let source = stage.compose();
        let source = self.rewrite.map_or(source.clone(), |rewrite| rewrite(stage.name(), source));
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let groups: [&[Kind]; 2] = [&own, &[Kind::Uniform]];
        let pipeline = build(&self.device, self.pipelines.no_contraction, stage.name(), &source, &groups);
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(Error::making(error, "pipelines", 0));
        }
        Ok(stages.entry(stage).or_insert(Arc::new(pipeline)).clone())
    }
}
