//! An opened adapter: buffers, pipelines, waiting and reading back. Everything that can go wrong comes back as an error.

use crate::Adapter;
use thiserror::Error;
use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePipeline, DeviceDescriptor,
    ErrorFilter, Features, MapMode, MemoryHints, PollType, Queue,
};
use wheatstone_sim::categorize;

/// What a device did not do.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// It could not be opened.
    #[error(
        "the adapter {adapter} cannot be opened: {source}; close other programs that use it, or update its driver"
    )]
    Open {
        /// Its name.
        adapter: String,
        /// What the driver said.
        source: wgpu::RequestDeviceError,
    },
    /// It refused to make or to do something.
    #[error("the device refused {what}: {source}; try fewer replicas, or another adapter")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        source: Box<wgpu::Error>,
    },
    /// It was lost while it worked, as when a driver's watchdog ends a computation that takes too long.
    #[error("the device was lost {during}; try fewer replicas or fewer steps a sample")]
    Lost {
        /// What it was doing.
        during: &'static str,
    },
}

categorize! {
    DeviceError {
        Failed: Open, Refused, Lost;
    }
}

/// An opened adapter.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: Queue,
}

impl Device {
    /// Opens an adapter with all its limits, and those of `features` that it has.
    pub(crate) fn open(adapter: &Adapter, features: Features) -> Result<Device, DeviceError> {
        let descriptor = DeviceDescriptor {
            label: Some("wheatstone"),
            required_features: adapter.adapter.features() & features,
            required_limits: adapter.adapter.limits(),
            memory_hints: MemoryHints::Performance,
            ..DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.adapter.request_device(&descriptor))
            .map_err(|source| DeviceError::Open { adapter: adapter.name().to_owned(), source })?;
        Ok(Device { device, queue })
    }

    /// Runs `work`; whatever the device complains about meanwhile becomes an error.
    pub(crate) fn checked<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<T, DeviceError> {
        let scopes = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal]
            .map(|filter| self.device.push_error_scope(filter));
        let result = work(&self.device);
        let mut complaint = None;
        // The scopes are a stack.
        for scope in scopes.into_iter().rev() {
            complaint = complaint.or(pollster::block_on(scope.pop()));
        }
        match complaint {
            None => Ok(result),
            Some(source) => Err(DeviceError::Refused { what, source: Box::new(source) }),
        }
    }

    /// A buffer of at least one word, which a binding must have.
    pub(crate) fn buffer(
        &self,
        what: &'static str,
        words: usize,
        usage: BufferUsages,
    ) -> Result<Buffer, DeviceError> {
        let size = 4 * words.max(1) as u64;
        self.checked(what, |device| {
            device.create_buffer(&BufferDescriptor {
                label: Some(what),
                size,
                usage,
                mapped_at_creation: false,
            })
        })
    }

    /// A storage buffer with those words in it.
    pub(crate) fn filled(&self, what: &'static str, words: &[u32]) -> Result<Buffer, DeviceError> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let buffer = self.buffer(what, words.len(), usage)?;
        self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(words));
        Ok(buffer)
    }

    /// The compute pipeline of a WGSL text with one entry point. Workgroup memory is not zeroed: the texts of this crate
    /// write every word of it before they read it.
    pub(crate) fn pipeline(&self, what: &'static str, text: &str) -> Result<ComputePipeline, DeviceError> {
        self.checked(what, |device| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(what),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(what),
                layout: None,
                module: &module,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })
    }

    /// Binds buffers to a pipeline's only group, in order from 0.
    pub(crate) fn bind(
        &self,
        what: &'static str,
        pipeline: &ComputePipeline,
        buffers: &[&Buffer],
    ) -> Result<wgpu::BindGroup, DeviceError> {
        let entries: Vec<_> = (0u32..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        self.checked(what, |device| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(what),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            })
        })
    }

    /// Runs so many workgroups, and waits until the device is idle.
    pub(crate) fn dispatch(
        &self,
        what: &'static str,
        pipeline: &ComputePipeline,
        group: &wgpu::BindGroup,
        workgroups: u32,
    ) -> Result<(), DeviceError> {
        self.checked(what, |device| {
            let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor { label: Some(what) });
            {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(workgroups, 1, 1);
            }
            self.queue.submit([encoder.finish()]);
        })?;
        self.wait(what)
    }

    /// Waits until the device is idle.
    pub(crate) fn wait(&self, during: &'static str) -> Result<(), DeviceError> {
        self.device.poll(PollType::wait_indefinitely()).map_err(|_| DeviceError::Lost { during })?;
        Ok(())
    }

    /// The first `words` words of a buffer.
    pub(crate) fn read(
        &self,
        what: &'static str,
        buffer: &Buffer,
        words: usize,
    ) -> Result<Vec<u32>, DeviceError> {
        if words == 0 {
            return Ok(Vec::new());
        }
        let copy = self.buffer(what, words, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        self.checked(what, |device| {
            let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor { label: Some(what) });
            encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, 4 * words as u64);
            self.queue.submit([encoder.finish()]);
            // Whether it came about shows when the range is taken.
            copy.map_async(MapMode::Read, .., |_| {});
        })?;
        self.wait(what)?;
        let bytes = copy.get_mapped_range(..).map_err(|_| DeviceError::Lost { during: what })?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }
}
