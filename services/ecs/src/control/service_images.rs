//! The digests of a revision's images: known once a task of its deployment runs.

use roadstead_core::Timestamp;
use roadstead_kernel::Result;
use roadstead_store::{StoreError, Txn, Versioned};

use super::service::{ServiceControl, ServiceKey};
use super::service_plan::{Seen, TaskState};
use crate::records::{Service, ServiceRevision, Task};
use crate::scope_of;

impl ServiceControl {
    /// Writes the digests down with the revision of the primary deployment, where they are news.
    // AWS: documented; absent before a pull (recorded).
    pub(super) async fn note_images(
        &self,
        key: &ServiceKey,
        found: Versioned<Service>,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<Versioned<Service>> {
        let runs = seen
            .tasks
            .iter()
            .find(|task| task.deployment == seen.primary && matches!(task.state, TaskState::Running(..)));
        let is_news = found.record.primary().is_some_and(|primary| !primary.resolved);
        let Some(task) = runs.filter(|_| is_news) else {
            return Ok(found);
        };
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let of_revision = [key.cluster.as_str(), key.service.as_str(), seen.primary.as_str()];
        let task = self.tasks.get(scope.of(), &[&key.cluster, &task.id]).await?;
        let revision = self.tables.revisions.get(scope.of(), &of_revision).await?;
        let (Some(task), Some(revision)) = (task, revision) else {
            return Ok(found);
        };
        let mut service = found.record.clone();
        if let Some(primary) = service.primary_mut() {
            primary.resolved = true;
            primary.updated_at = now;
        }
        let mut txn = Txn::new();
        self.tables
            .services
            .stage_replace(&mut txn, scope.of(), &id, found.revision, &service)?;
        self.tables.revisions.stage_put(
            &mut txn,
            scope.of(),
            &of_revision,
            &resolved(revision.record, &task.record),
        )?;
        match self.tasks.store().commit(txn).await {
            Ok(revision) => Ok(Versioned {
                record: service,
                revision,
                ..found
            }),
            // Somebody changed the service: the next look finds the same.
            Err(StoreError::Conflict { .. }) => Ok(found),
            Err(error) => Err(error.into()),
        }
    }
}

fn resolved(mut revision: ServiceRevision, task: &Task) -> ServiceRevision {
    let digest = |(name, _): &(String, String)| {
        let container = task.containers.iter().find(|container| container.name == *name);
        container.and_then(|container| container.digest.clone())
    };
    revision.digests = revision.containers.iter().map(digest).collect();
    revision
}
