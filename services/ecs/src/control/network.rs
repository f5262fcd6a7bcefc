//! The networks of tasks: pause containers, interfaces on this machine, and the rules of security groups.
//!
//! What is done here was allowed before: an interface is attached after EC2 made it through the service-linked role, and
//! removed before EC2 deletes it. Rules are read from EC2 through the role as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api_ec2::IpPermission;
use roadstead_containers::{
    ContainerId, ContainerSpec, ContainerSummary, ImageError, Phase, Runtime, RuntimeError, Status, rootfs,
};
use roadstead_core::arn::Place;
use roadstead_kernel::{Context as _, Fault, Kernel, Result};
use roadstead_network::{
    EniSpec, Net, NetError, NetworkNamespace, Peer, Rule, SecurityGroup, Shortfalls, Traffic, Vpc,
};

use super::task::gone_is_fine;
use super::vpcs::KnownVpc;
use crate::behalf::OnBehalf;
use crate::launch;
use crate::records::{Interface, Task, TaskDefinition, Wiring};

/// Why a task cannot have its network, in the words of its stopped reason.
pub type Setback = String;

/// The networks of tasks on this machine.
pub struct Networks {
    pub(super) kernel: Arc<Kernel>,
    runtime: Arc<dyn Runtime>,
    /// Without it, tasks have a namespace with nothing but the loopback interface.
    pub(super) net: Option<Arc<dyn Net>>,
    /// The VPCs that the net was told of.
    pub(super) vpcs: Mutex<HashMap<String, KnownVpc>>,
    /// Blocks and resolvers by subnet: both never change.
    subnets: Mutex<HashMap<String, Wiring>>,
    used: Mutex<BTreeMap<String, Used>>,
    /// Held from reading rules to setting them, so that what was read last is set last.
    reading: tokio::sync::Mutex<()>,
}

/// A security group with interfaces on this machine.
struct Used {
    place: Place,
    enis: BTreeSet<String>,
    /// Whether its rules were read since it came into use; from then on, changes are followed.
    known: bool,
}

impl Networks {
    /// Makes networks with an engine and, where the host can, with interfaces.
    pub fn new(kernel: Arc<Kernel>, runtime: Arc<dyn Runtime>, net: Option<Arc<dyn Net>>) -> Self {
        Self {
            kernel,
            runtime,
            net,
            vpcs: Mutex::default(),
            subnets: Mutex::default(),
            used: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Whether tasks get interfaces at all.
    pub fn are_real(&self) -> bool {
        self.net.is_some()
    }

    /// What tasks do not have here that they have at AWS.
    pub fn shortfalls(&self) -> Shortfalls {
        self.net.as_ref().map(|net| net.shortfalls()).unwrap_or_default()
    }

    /// The block and the resolver of a subnet, through the role.
    pub(super) async fn wiring(&self, role: &OnBehalf, subnet: &str) -> Result<Wiring> {
        if let Some(known) = self.subnets.lock().unwrap_or_else(PoisonError::into_inner).get(subnet) {
            return Ok(known.clone());
        }
        let found = role.describe_subnets(&[subnet.to_owned()]).await?.into_iter().next();
        let found = found.ok_or_else(|| Fault::internal("a subnet that EC2 does not describe"))?;
        let vpc = role.describe_vpc(found.vpc_id.as_deref().unwrap_or_default()).await?;
        let vpc_block = vpc.and_then(|vpc| vpc.cidr_block);
        let wiring = Wiring {
            zone_id: found.availability_zone_id,
            block: found.cidr_block,
            vpc: found.vpc_id,
            resolver: vpc_block.as_deref().and_then(resolver),
            vpc_block,
            ..Wiring::default()
        };
        let mut subnets = self.subnets.lock().unwrap_or_else(PoisonError::into_inner);
        subnets.insert(subnet.to_owned(), wiring.clone());
        Ok(wiring)
    }

    /// Starts the container that holds a task's network namespace; answers its id.
    pub(super) async fn start_pause(
        &self,
        place: Place,
        task: &Task,
        definition: &TaskDefinition,
        interface: &Interface,
    ) -> Result<Result<String, Setback>> {
        let mut spec = launch::pause(place, task, definition, interface);
        let shortfalls = self.shortfalls();
        if shortfalls.resolver {
            spec.dns_servers.clear();
        }
        if shortfalls.groups {
            spec.labels
                .insert(launch::LABEL_GROUPS.to_owned(), "not-enforced".to_owned());
        }
        let mut made = create_or_adopt(&*self.runtime, &task.arn(place), spec.clone(), launch::PAUSE).await;
        if matches!(made, Err(RuntimeError::NoSuchImage(_))) {
            let tar = rootfs::pause_rootfs()
                .map_err(Fault::internal)
                .context("making the image of pause containers")?;
            made = match self.runtime.import_rootfs(launch::PAUSE_IMAGE, tar, &["/pause"]).await {
                Ok(_) => create_or_adopt(&*self.runtime, &task.arn(place), spec, launch::PAUSE).await,
                Err(ImageError::EngineUnreachable(why)) => Err(RuntimeError::Unreachable(why)),
                Err(error) => Err(RuntimeError::Engine(error.to_string())),
            };
        }
        let started = match made {
            // One that has ended is of use again: nothing in it runs but what holds the namespace.
            Ok((id, _)) => self.runtime.start(&id).await.map(|()| id),
            Err(error) => Err(error),
        };
        match started {
            Ok(id) => Ok(Ok(id.0)),
            Err(RuntimeError::Unreachable(why)) => Err(Fault::internal(why)),
            Err(error) => Ok(Err(format!(
                "ResourceInitializationError: failed to make the task's network namespace: {error}"
            ))),
        }
    }

    /// Whether a pause container still holds its namespace.
    pub(super) async fn holds(&self, pause: &str) -> Result<bool> {
        match self.runtime.inspect(&ContainerId(pause.to_owned())).await {
            Ok(state) => Ok(!matches!(state.status, Status::Exited(_))),
            Err(RuntimeError::NotFound(_)) => Ok(false),
            Err(error) => Err(Fault::internal(error)),
        }
    }

    /// Puts the interface into the pause container's namespace, under the rules of its security groups.
    pub(super) async fn attach(&self, place: Place, interface: &Interface) -> Result<Result<(), Setback>> {
        let Some(net) = &self.net else { return Ok(Ok(())) };
        let failed =
            |why: &dyn std::fmt::Display| format!("ResourceInitializationError: failed to configure ENI: {why}");
        let spec = match eni_spec(interface) {
            Ok(spec) => spec,
            Err(why) => return Ok(Err(failed(&why))),
        };
        let id = interface.wiring.pause.clone().unwrap_or_default();
        let state = self.runtime.inspect(&ContainerId(id)).await.map_err(Fault::internal)?;
        let Some(pid) = state.pid else {
            return Err(Fault::internal("the pause container does not run"));
        };
        self.take_into_use(place, &spec);
        self.tell_vpc(&**net, place, &spec).await?;
        self.read_rules(&**net, place, &spec.groups, false).await?;
        let eni = spec.id.clone();
        match net
            .attach(spec, NetworkNamespace::Container { pid, id: state.id.0 })
            .await
        {
            Ok(_) => {
                if net.shortfalls().groups {
                    tracing::warn!(eni, "the security groups of a task are not enforced");
                }
                Ok(Ok(()))
            }
            // The next look finds out what became of the pause container.
            Err(gone @ NetError::NoNamespace(_)) => Err(Fault::internal(gone)),
            Err(error) => {
                self.take_out_of_use(&eni);
                Ok(Err(failed(&error)))
            }
        }
    }

    /// Takes the interface from the task and ends its namespace; what is gone already is no error.
    pub(super) async fn detach(&self, place: Place, task: &Task, interface: &Interface) -> Result<()> {
        if let (Some(net), Some(eni)) = (&self.net, &interface.eni) {
            net.detach(eni).await.map_err(Fault::internal)?;
            self.take_out_of_use(eni);
        }
        let pauses = match &interface.wiring.pause {
            Some(id) => vec![ContainerId(id.clone())],
            // A crash may have come between making it and noting it.
            None => {
                let found = made_for(&*self.runtime, &task.arn(place), launch::PAUSE).await;
                let found = found.map_err(Fault::internal)?;
                found.into_iter().map(|container| container.id).collect()
            }
        };
        for pause in pauses {
            gone_is_fine(self.runtime.remove(&pause).await)?;
        }
        Ok(())
    }

    /// Takes over the interfaces of the tasks that are there after a start, and removes those of tasks that are not.
    ///
    /// To be called before any task is worked on.
    pub async fn resume(&self, interfaces: Vec<(Place, Interface)>) -> Result<()> {
        let Some(net) = &self.net else { return Ok(()) };
        let mut kept = Vec::new();
        for (place, interface) in &interfaces {
            // What cannot be attached never was.
            if let Ok(spec) = eni_spec(interface) {
                self.take_into_use(*place, &spec);
                if let Err(fault) = self.tell_vpc(&**net, *place, &spec).await {
                    tracing::warn!(%fault, "it could not be read whether a VPC has a resolver");
                }
                kept.push(spec);
            }
        }
        // Without its rules a group lets nothing pass; reading them is tried again by whoever follows changes.
        if let Err(fault) = self.refresh_all().await {
            tracing::warn!(%fault, "the rules of security groups could not be read");
        }
        for removed in net.resume(kept).await.map_err(Fault::internal)? {
            tracing::info!(
                interface = removed.interface,
                eni = removed.eni_id,
                "removed an interface that no task has"
            );
        }
        Ok(())
    }

    /// Reads the rules of security groups anew, of those that are in use here.
    pub async fn refresh(&self, place: Place, groups: &[String]) -> Result<()> {
        match &self.net {
            Some(net) => self.read_rules(&**net, place, groups, true).await,
            None => Ok(()),
        }
    }

    /// Reads the rules of all security groups that are in use here anew.
    pub async fn refresh_all(&self) -> Result<()> {
        let mut places: BTreeMap<String, (Place, Vec<String>)> = BTreeMap::new();
        for (group, used) in &*self.used() {
            let name = format!("{} {}", used.place.account.as_str(), used.place.region.as_str());
            places
                .entry(name)
                .or_insert_with(|| (used.place, Vec::new()))
                .1
                .push(group.clone());
        }
        for (place, groups) in places.into_values() {
            self.refresh(place, &groups).await?;
        }
        Ok(())
    }

    async fn read_rules(&self, net: &dyn Net, place: Place, groups: &[String], anew: bool) -> Result<()> {
        let _reading = self.reading.lock().await;
        let wanted: Vec<String> = {
            let used = self.used();
            let is_wanted = |group: &&String| used.get(*group).is_some_and(|used| anew || !used.known);
            groups.iter().filter(is_wanted).cloned().collect()
        };
        if wanted.is_empty() {
            return Ok(());
        }
        let role = OnBehalf::for_interfaces(&self.kernel, place).await?;
        let found = role.security_group_rules(&wanted).await?;
        net.set_groups(found.iter().map(group).collect())
            .await
            .map_err(Fault::internal)?;
        let mut used = self.used();
        for group in &wanted {
            if let Some(used) = used.get_mut(group) {
                used.known = true;
            }
        }
        Ok(())
    }

    fn used(&self) -> MutexGuard<'_, BTreeMap<String, Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_into_use(&self, place: Place, spec: &EniSpec) {
        let mut used = self.used();
        for group in &spec.groups {
            let new = || Used {
                place,
                enis: BTreeSet::new(),
                known: false,
            };
            used.entry(group.clone())
                .or_insert_with(new)
                .enis
                .insert(spec.id.clone());
        }
    }

    fn take_out_of_use(&self, eni: &str) {
        self.used().retain(|_, used| {
            used.enis.remove(eni);
            !used.enis.is_empty()
        });
    }
}

/// The resolver of a VPC: the third address of its block.
fn resolver(block: &str) -> Option<String> {
    let first: std::net::Ipv4Addr = block.split_once('/')?.0.parse().ok()?;
    Some(std::net::Ipv4Addr::from(u32::from(first).checked_add(2)?).to_string())
}

/// The interface as the machine needs to know it.
fn eni_spec(interface: &Interface) -> Result<EniSpec, NetError> {
    let given = |value: &Option<String>, what: &str| {
        value
            .clone()
            .ok_or_else(|| NetError::InvalidSpec(format!("the interface has no {what}")))
    };
    let address = |text: &str| {
        text.parse()
            .map_err(|_| NetError::InvalidSpec(format!("`{text}` is no address")))
    };
    Ok(EniSpec {
        id: given(&interface.eni, "id")?,
        mac: given(&interface.mac, "hardware address")?.parse()?,
        address: address(&given(&interface.address, "address")?)?,
        subnet: given(&interface.wiring.block, "subnet")?.parse()?,
        vpc: match (&interface.wiring.vpc, &interface.wiring.vpc_block) {
            (Some(id), Some(block)) => Some(Vpc {
                id: id.clone(),
                block: block.parse()?,
            }),
            _ => None,
        },
        host_addresses: interface
            .wiring
            .resolver
            .iter()
            .map(|text| address(text))
            .collect::<Result<_, _>>()?,
        groups: interface.network.groups.clone(),
    })
}

/// A security group with what it lets pass over IPv4; interfaces here have no other addresses.
fn group(described: &api_ec2::SecurityGroup) -> SecurityGroup {
    let rules = |permissions: Option<&Vec<IpPermission>>| permissions.into_iter().flatten().flat_map(rules).collect();
    SecurityGroup {
        id: described.group_id.clone().unwrap_or_default(),
        ingress: rules(described.ip_permissions.as_ref()),
        egress: rules(described.ip_permissions_egress.as_ref()),
    }
}

fn rules(permission: &IpPermission) -> Vec<Rule> {
    let Some(traffic) = traffic(permission) else {
        return Vec::new();
    };
    let blocks = permission.ip_ranges.iter().flatten().filter_map(|range| {
        let (address, prefix) = range.cidr_ip.as_deref()?.split_once('/')?;
        Some(Peer::Block(address.parse().ok()?, prefix.parse().ok()?))
    });
    let groups = permission
        .user_id_group_pairs
        .iter()
        .flatten()
        .filter_map(|pair| pair.group_id.clone().map(Peer::Group));
    blocks.chain(groups).map(|peer| Rule { traffic, peer }).collect()
}

/// `None` for what there is no traffic of: ICMP of IPv6, or ports that are none.
fn traffic(permission: &IpPermission) -> Option<Traffic> {
    let all = |port: Option<i32>| port.is_none_or(|port| port == -1);
    let ports = || {
        if all(permission.from_port) {
            return Some((0, u16::MAX));
        }
        Some((
            u16::try_from(permission.from_port?).ok()?,
            u16::try_from(permission.to_port?).ok()?,
        ))
    };
    let number = |given: Option<i32>| given.and_then(|given| u8::try_from(given).ok());
    match permission.ip_protocol.as_deref()? {
        "-1" => Some(Traffic::All),
        "tcp" | "6" => ports().map(|(first, last)| Traffic::Tcp(first, last)),
        "udp" | "17" => ports().map(|(first, last)| Traffic::Udp(first, last)),
        // Here the range holds the type and the code.
        "icmp" | "1" => Some(Traffic::Icmp(number(permission.from_port), number(permission.to_port))),
        "icmpv6" | "58" => None,
        other => other.parse().ok().map(Traffic::Protocol),
    }
}

/// Makes a container, or finds the one that a step before a crash made, which may have been started since.
pub(super) async fn create_or_adopt(
    runtime: &dyn Runtime,
    task: &str,
    spec: ContainerSpec,
    name: &str,
) -> Result<(ContainerId, Phase), RuntimeError> {
    match runtime.create(spec).await {
        Err(RuntimeError::NameInUse(text)) => {
            let found = made_for(runtime, task, name).await?.into_iter().next();
            found
                .map(|container| (container.id, container.phase))
                .ok_or(RuntimeError::NameInUse(text))
        }
        made => made.map(|id| (id, Phase::Created)),
    }
}

/// What the engine has of a container of a task, noted in the task's record or not.
pub(super) async fn made_for(
    runtime: &dyn Runtime,
    task: &str,
    name: &str,
) -> Result<Vec<ContainerSummary>, RuntimeError> {
    let labels = [(launch::LABEL_TASK, Some(task)), (launch::LABEL_CONTAINER, Some(name))];
    runtime.list(&labels).await
}
