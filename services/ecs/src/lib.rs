//! Amazon ECS: clusters, task definitions, tasks and services, run as real containers on this machine.
//!
//! What ECS does for its customers it does through the service-linked role: see `behalf.rs`, which is the whole list.

mod account_settings;
pub mod arn;
pub mod awslogs;
mod behalf;
mod breaker;
mod capacity;
mod checks;
mod choices;
pub mod control;
mod emit;
mod error;
mod families;
mod fleet;
mod instance;
mod launch;
pub mod metadata;
mod monitoring;
mod needs;
mod placement;
mod placing;
mod ports;
pub mod records;
mod register;
pub mod role;
mod run;
mod secrets;
mod service;
mod start;
mod tally;
pub mod task_roles;
mod task_sets;
mod tokens;

use std::sync::{Arc, OnceLock};

use roadstead_containers::Runtime;
use roadstead_control::Controller;
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Cx, Kernel, Listeners, Result, operations};
use roadstead_network::Net;
use roadstead_store::{Page, Scope, Store, Table, Versioned};

use crate::awslogs::AwsLogs;
pub use crate::emit::Forwarder;

use crate::control::{Pace, ServiceControl, ServiceKey, ServiceTables, TaskControl, TaskKey};
use crate::emit::Noticing;
use crate::error::{cluster_not_active, cluster_not_found};
use crate::families::LastRevisions;
use crate::fleet::Fleet;
use crate::records::{
    AccountSetting, CapacityProvider, Cluster, ContainerInstance, Counts, Family, Task, TaskDefinition, TaskHead,
};
use crate::role::Attempted;
use crate::tally::Tally;
use crate::tokens::Tokens;

/// The service.
pub struct Ecs {
    store: Arc<dyn Store>,
    noticing: Arc<Noticing>,
    clusters: Table<Cluster>,
    families: Table<Family>,
    last_revisions: LastRevisions,
    definitions: Table<TaskDefinition>,
    tasks: Table<Task>,
    tokens: Tokens,
    tally: Tally,
    attempted: Table<Attempted>,
    settings: Table<AccountSetting>,
    providers: Table<CapacityProvider>,
    instances: Table<ContainerInstance>,
    fleet: Arc<Fleet>,
    services: ServiceTables,
    control: OnceLock<Arc<Controller<TaskControl>>>,
    service_control: OnceLock<Arc<Controller<ServiceControl>>>,
}

operations! {
    Ecs: api_ecs,
    continue_service_deployment::ContinueServiceDeployment,
    create_capacity_provider::CreateCapacityProvider,
    create_cluster::CreateCluster,
    create_service::CreateService,
    create_task_set::CreateTaskSet,
    delete_account_setting::DeleteAccountSetting,
    delete_attributes::DeleteAttributes,
    delete_capacity_provider::DeleteCapacityProvider,
    delete_cluster::DeleteCluster,
    delete_service::DeleteService,
    delete_task_definitions::DeleteTaskDefinitions,
    delete_task_set::DeleteTaskSet,
    deregister_container_instance::DeregisterContainerInstance,
    deregister_task_definition::DeregisterTaskDefinition,
    describe_capacity_providers::DescribeCapacityProviders,
    describe_clusters::DescribeClusters,
    describe_container_instances::DescribeContainerInstances,
    describe_service_deployments::DescribeServiceDeployments,
    describe_service_revisions::DescribeServiceRevisions,
    describe_services::DescribeServices,
    describe_task_definition::DescribeTaskDefinition,
    describe_task_sets::DescribeTaskSets,
    describe_tasks::DescribeTasks,
    get_task_protection::GetTaskProtection,
    list_account_settings::ListAccountSettings,
    list_attributes::ListAttributes,
    list_clusters::ListClusters,
    list_container_instances::ListContainerInstances,
    list_service_deployments::ListServiceDeployments,
    list_services::ListServices,
    list_services_by_namespace::ListServicesByNamespace,
    list_tags_for_resource::ListTagsForResource,
    list_task_definition_families::ListTaskDefinitionFamilies,
    list_task_definitions::ListTaskDefinitions,
    list_tasks::ListTasks,
    put_account_setting::PutAccountSetting,
    put_account_setting_default::PutAccountSettingDefault,
    put_attributes::PutAttributes,
    put_cluster_capacity_providers::PutClusterCapacityProviders,
    register_container_instance::RegisterContainerInstance,
    register_task_definition::RegisterTaskDefinition,
    run_task::RunTask,
    start_task::StartTask,
    stop_service_deployment::StopServiceDeployment,
    stop_task::StopTask,
    tag_resource::TagResource,
    untag_resource::UntagResource,
    update_capacity_provider::UpdateCapacityProvider,
    update_cluster::UpdateCluster,
    update_cluster_settings::UpdateClusterSettings,
    update_container_agent::UpdateContainerAgent,
    update_container_instances_state::UpdateContainerInstancesState,
    update_service::UpdateService,
    update_service_primary_task_set::UpdateServicePrimaryTaskSet,
    update_task_protection::UpdateTaskProtection,
    update_task_set::UpdateTaskSet,
}

impl Ecs {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        let noticing = Noticing::over(store);
        let store: Arc<dyn Store> = Arc::<Noticing>::clone(&noticing);
        let tables = &store;
        Arc::new(Self {
            clusters: Table::new(Arc::clone(tables)),
            families: Table::new(Arc::clone(tables)),
            last_revisions: LastRevisions::default(),
            definitions: Table::new(Arc::clone(tables)),
            tasks: Table::new(Arc::clone(tables)),
            tokens: Tokens::new(tables),
            tally: Tally::new(tables),
            attempted: Table::new(Arc::clone(tables)),
            settings: Table::new(Arc::clone(tables)),
            providers: Table::new(Arc::clone(tables)),
            instances: Table::new(Arc::clone(tables)),
            fleet: Arc::new(Fleet::new(tables)),
            services: ServiceTables {
                services: Table::new(Arc::clone(tables)),
                events: Table::new(Arc::clone(tables)),
                revisions: Table::new(Arc::clone(tables)),
                deployments: Table::new(Arc::clone(tables)),
                members: Table::new(Arc::clone(tables)),
            },
            control: OnceLock::new(),
            service_control: OnceLock::new(),
            noticing,
            store,
        })
    }

    /// Joins the service with who listens to its events, and with the kernel that it tells them through.
    pub fn tell(&self, kernel: &Arc<Kernel>, listeners: Arc<dyn Listeners>) -> Arc<Controller<Forwarder>> {
        self.noticing.join(kernel, listeners, &self.fleet)
    }

    /// Forgets the client tokens of RunTask that were used a day ago or earlier; how many.
    pub async fn purge_tokens(&self, now: Timestamp) -> Result<usize> {
        self.tokens.purge(now).await
    }

    /// What tells IAM where the service-linked role is in use.
    pub fn role_usage(&self) -> Arc<role::Usage> {
        Arc::new(role::Usage::new(self.clusters.clone()))
    }

    /// Joins the service with the kernel it acts through, the engine that runs its containers, and what gives them
    /// network interfaces, where the host can.
    pub fn start(
        &self,
        kernel: &Arc<Kernel>,
        runtime: Arc<dyn Runtime>,
        net: Option<Arc<dyn Net>>,
    ) -> Arc<Controller<TaskControl>> {
        let make = || {
            let logs = AwsLogs::start(
                Arc::clone(kernel),
                Arc::clone(&runtime),
                self.tasks.clone(),
                self.definitions.clone(),
            );
            let reconciler = TaskControl::new(
                Arc::clone(kernel),
                runtime,
                net,
                self.tasks.clone(),
                self.definitions.clone(),
                Arc::clone(&logs),
                Arc::clone(&self.fleet),
            );
            let control = Controller::new(reconciler, Arc::clone(kernel.clock()));
            logs.reconciler().watched_by(&control);
            control
        };
        Arc::clone(self.control.get_or_init(make))
    }

    /// Joins the services with what moves their tasks.
    pub fn start_services(
        &self,
        kernel: &Arc<Kernel>,
        tasks: &Arc<Controller<TaskControl>>,
        pace: Pace,
    ) -> Arc<Controller<ServiceControl>> {
        let make = || {
            let reconciler = ServiceControl::new(
                Arc::clone(kernel),
                self.services.clone(),
                self.tasks.clone(),
                self.definitions.clone(),
                Arc::clone(tasks),
                Arc::clone(&self.fleet),
                pace,
            );
            let controller = Controller::new(reconciler, Arc::clone(kernel.clock()));
            tasks.reconciler().watched_by(&controller);
            self.fleet.watched_by(&controller);
            controller
        };
        Arc::clone(self.service_control.get_or_init(make))
    }

    /// Asks for a look at a service.
    pub(crate) fn look_at_service(&self, place: Place, cluster: &str, service: &str) {
        if let Some(control) = self.service_control.get() {
            control.enqueue(ServiceKey {
                place,
                cluster: cluster.to_owned(),
                service: service.to_owned(),
            });
        }
    }

    /// Asks for a look at a task.
    pub(crate) fn look_at(&self, place: Place, cluster: &str, task: &str) {
        if let Some(control) = self.control.get() {
            control.enqueue(TaskKey {
                place,
                cluster: cluster.to_owned(),
                task: task.to_owned(),
            });
        }
    }

    /// A cluster by what the caller gave; `ClusterNotFoundException` without one.
    pub(crate) async fn cluster(&self, cx: &Cx, given: Option<&str>) -> Result<Versioned<Cluster>> {
        let name = arn::cluster_name(cx.place(), given)?;
        self.clusters
            .get(scope(cx).of(), &[&name])
            .await?
            .ok_or_else(cluster_not_found)
    }

    /// A cluster that is in use.
    pub(crate) async fn active_cluster(&self, cx: &Cx, given: Option<&str>) -> Result<Versioned<Cluster>> {
        let cluster = self.cluster(cx, given).await?;
        if cluster.record.is_active() {
            Ok(cluster)
        } else {
            Err(cluster_not_active())
        }
    }

    /// What the tasks of a cluster count as.
    pub(crate) async fn task_heads(&self, cx: &Cx, cluster: &str) -> Result<Page<TaskHead>> {
        let heads = Table::<TaskHead>::new(Arc::clone(&self.store));
        Ok(heads.list(scope(cx).of(), &[cluster], None, usize::MAX).await?)
    }

    /// How many tasks and services a cluster has.
    pub(crate) async fn counts(&self, cx: &Cx, cluster: &str) -> Result<Counts> {
        self.tally.counts(cx.place(), cluster).await
    }

    /// Keeps what clusters count up with what is written; ends with the store.
    pub async fn follow_counts(&self) -> Result<()> {
        self.tally.follow().await
    }
}

/// Account and region of a call, as text that keys borrow from.
pub(crate) struct OwnedScope {
    place: Place,
}

impl OwnedScope {
    /// The scope of the store's keys.
    pub(crate) fn of(&self) -> Scope<'_> {
        Scope::new(self.place.account.as_str(), self.place.region.as_str())
    }
}

/// The scope of a call's records.
pub(crate) fn scope(cx: &Cx) -> OwnedScope {
    scope_of(cx.place())
}

/// The scope of a place's records.
pub(crate) fn scope_of(place: Place) -> OwnedScope {
    OwnedScope { place }
}
