//! What a launch template says about instances. It is kept and given back; nothing here launches any.

use api_ec2::{
    CreditSpecification, InstanceType, LaunchTemplateBlockDeviceMapping, LaunchTemplateBlockDeviceMappingRequest,
    LaunchTemplateCpuOptions, LaunchTemplateEbsBlockDevice, LaunchTemplateEnclaveOptions,
    LaunchTemplateHibernationOptions, LaunchTemplateIamInstanceProfileSpecification,
    LaunchTemplateInstanceMarketOptions, LaunchTemplateInstanceMetadataOptions,
    LaunchTemplateInstanceMetadataOptionsState, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, LaunchTemplatePlacement,
    LaunchTemplateSpotMarketOptions, LaunchTemplateTagSpecification, LaunchTemplatesMonitoring, MarketType,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData, ShutdownBehavior, Tenancy, VolumeType,
};
use roadstead_core::Tags;
use roadstead_kernel::ApiError;
use serde::{Deserialize, Serialize};

use crate::error::unsupported;
use crate::tags;

/// The data of a launch template's version; what is not given is not kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateData {
    /// The image.
    pub image_id: Option<String>,
    /// The instance type.
    pub instance_type: Option<String>,
    /// The key pair.
    pub key_name: Option<String>,
    /// The user data, base64.
    pub user_data: Option<String>,
    /// The kernel.
    pub kernel_id: Option<String>,
    /// The RAM disk.
    pub ram_disk_id: Option<String>,
    /// The instance profile: ARN and name.
    pub iam_instance_profile: Option<(Option<String>, Option<String>)>,
    /// Security groups by id.
    pub security_group_ids: Option<Vec<String>>,
    /// Security groups by name.
    pub security_groups: Option<Vec<String>>,
    /// Whether volumes get bandwidth of their own.
    pub ebs_optimized: Option<bool>,
    /// Whether metrics come every minute.
    pub monitoring: Option<bool>,
    /// Whether the API may not terminate.
    pub disable_api_termination: Option<bool>,
    /// Whether the API may not stop.
    pub disable_api_stop: Option<bool>,
    /// `stop` or `terminate`.
    pub shutdown_behavior: Option<String>,
    /// `standard` or `unlimited`.
    pub cpu_credits: Option<String>,
    /// Cores and threads of each.
    pub cpu_options: Option<(Option<i32>, Option<i32>)>,
    /// Whether enclaves can be made.
    pub enclave: Option<bool>,
    /// Whether it can hibernate.
    pub hibernation: Option<bool>,
    /// Zone, tenancy, placement group.
    pub placement: Option<Placement>,
    /// The metadata service.
    pub metadata: Option<Metadata>,
    /// The market: its type, the highest price, and what an interruption does.
    pub market: Option<Market>,
    /// Volumes.
    pub block_devices: Option<Vec<BlockDevice>>,
    /// Interfaces.
    pub interfaces: Option<Vec<TemplateInterface>>,
    /// Tags of what is launched, by kind.
    pub tags: Option<Vec<(String, Tags)>>,
}

/// Where instances are placed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    availability_zone: Option<String>,
    affinity: Option<String>,
    group_name: Option<String>,
    group_id: Option<String>,
    host_id: Option<String>,
    tenancy: Option<String>,
    partition_number: Option<i32>,
}

/// How instances reach the metadata service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    tokens: Option<String>,
    hop_limit: Option<i32>,
    endpoint: Option<String>,
    protocol_ipv6: Option<String>,
    tags: Option<String>,
}

/// How instances are bought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Market {
    kind: Option<String>,
    max_price: Option<String>,
    spot_type: Option<String>,
    interruption: Option<String>,
    spot: bool,
}

/// A volume of an instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockDevice {
    device_name: Option<String>,
    virtual_name: Option<String>,
    no_device: Option<String>,
    ebs: Option<Ebs>,
}

/// An EBS volume.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ebs {
    encrypted: Option<bool>,
    delete_on_termination: Option<bool>,
    iops: Option<i32>,
    kms_key_id: Option<String>,
    snapshot_id: Option<String>,
    size: Option<i32>,
    kind: Option<String>,
    throughput: Option<i32>,
}

/// An interface of an instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateInterface {
    public_ip: Option<bool>,
    delete_on_termination: Option<bool>,
    description: Option<String>,
    device_index: Option<i32>,
    network_card_index: Option<i32>,
    groups: Option<Vec<String>>,
    kind: Option<String>,
    interface: Option<String>,
    private_ip: Option<String>,
    secondary: Option<i32>,
    subnet: Option<String>,
}

impl TemplateData {
    /// Reads the data of a request; refuses what would not be given back.
    pub fn read(given: RequestLaunchTemplateData) -> Result<Self, ApiError> {
        let beyond = [
            ("elasticGpuSpecifications", given.elastic_gpu_specifications.is_some()),
            (
                "elasticInferenceAccelerators",
                given.elastic_inference_accelerators.is_some(),
            ),
            (
                "capacityReservationSpecification",
                given.capacity_reservation_specification.is_some(),
            ),
            ("licenseSpecifications", given.license_specifications.is_some()),
            ("instanceRequirements", given.instance_requirements.is_some()),
            ("privateDnsNameOptions", given.private_dns_name_options.is_some()),
            ("maintenanceOptions", given.maintenance_options.is_some()),
            ("operator", given.operator.is_some()),
            ("networkPerformanceOptions", given.network_performance_options.is_some()),
            ("secondaryInterfaces", given.secondary_interfaces.is_some()),
        ];
        if let Some((name, _)) = beyond.into_iter().find(|(_, given)| *given) {
            return Err(unsupported(format!(
                "The parameter {name} of launch templates is not supported."
            )));
        }
        Ok(Self {
            image_id: given.image_id,
            instance_type: given.instance_type.map(|kind| kind.to_string()),
            key_name: given.key_name,
            user_data: given.user_data,
            kernel_id: given.kernel_id,
            ram_disk_id: given.ram_disk_id,
            iam_instance_profile: given.iam_instance_profile.map(|profile| (profile.arn, profile.name)),
            security_group_ids: given.security_group_ids,
            security_groups: given.security_groups,
            ebs_optimized: given.ebs_optimized,
            monitoring: given.monitoring.and_then(|monitoring| monitoring.enabled),
            disable_api_termination: given.disable_api_termination,
            disable_api_stop: given.disable_api_stop,
            shutdown_behavior: given.instance_initiated_shutdown_behavior.map(|b| b.to_string()),
            cpu_credits: given.credit_specification.map(|credit| credit.cpu_credits),
            cpu_options: given.cpu_options.map(|cpu| (cpu.core_count, cpu.threads_per_core)),
            enclave: given.enclave_options.and_then(|options| options.enabled),
            hibernation: given.hibernation_options.and_then(|options| options.configured),
            placement: given.placement.map(|p| Placement {
                availability_zone: p.availability_zone,
                affinity: p.affinity,
                group_name: p.group_name,
                group_id: p.group_id,
                host_id: p.host_id,
                tenancy: p.tenancy.map(|t| t.to_string()),
                partition_number: p.partition_number,
            }),
            metadata: given.metadata_options.map(|m| Metadata {
                tokens: m.http_tokens.map(|v| v.to_string()),
                hop_limit: m.http_put_response_hop_limit,
                endpoint: m.http_endpoint.map(|v| v.to_string()),
                protocol_ipv6: m.http_protocol_ipv6.map(|v| v.to_string()),
                tags: m.instance_metadata_tags.map(|v| v.to_string()),
            }),
            market: given.instance_market_options.map(|m| {
                let spot = m.spot_options.is_some();
                let options = m.spot_options.unwrap_or_default();
                Market {
                    kind: m.market_type.map(|k| k.to_string()),
                    max_price: options.max_price,
                    spot_type: options.spot_instance_type.map(|t| t.to_string()),
                    interruption: options.instance_interruption_behavior.map(|b| b.to_string()),
                    spot,
                }
            }),
            block_devices: given
                .block_device_mappings
                .map(|all| all.into_iter().map(BlockDevice::read).collect()),
            interfaces: match given.network_interfaces {
                Some(all) => Some(all.into_iter().map(TemplateInterface::read).collect::<Result<_, _>>()?),
                None => None,
            },
            tags: given.tag_specifications.map(|all| {
                let pair = |t: api_ec2::Tag| (t.key.unwrap_or_default(), t.value.unwrap_or_default());
                all.into_iter()
                    .map(|s| {
                        let kind = s.resource_type.map(|k| k.to_string()).unwrap_or_default();
                        (kind, s.tags.unwrap_or_default().into_iter().map(pair).collect())
                    })
                    .collect()
            }),
        })
    }

    /// The data with another version's wherever it has none of its own.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            image_id: self.image_id.or(base.image_id),
            instance_type: self.instance_type.or(base.instance_type),
            key_name: self.key_name.or(base.key_name),
            user_data: self.user_data.or(base.user_data),
            kernel_id: self.kernel_id.or(base.kernel_id),
            ram_disk_id: self.ram_disk_id.or(base.ram_disk_id),
            iam_instance_profile: self.iam_instance_profile.or(base.iam_instance_profile),
            security_group_ids: self.security_group_ids.or(base.security_group_ids),
            security_groups: self.security_groups.or(base.security_groups),
            ebs_optimized: self.ebs_optimized.or(base.ebs_optimized),
            monitoring: self.monitoring.or(base.monitoring),
            disable_api_termination: self.disable_api_termination.or(base.disable_api_termination),
            disable_api_stop: self.disable_api_stop.or(base.disable_api_stop),
            shutdown_behavior: self.shutdown_behavior.or(base.shutdown_behavior),
            cpu_credits: self.cpu_credits.or(base.cpu_credits),
            cpu_options: self.cpu_options.or(base.cpu_options),
            enclave: self.enclave.or(base.enclave),
            hibernation: self.hibernation.or(base.hibernation),
            placement: self.placement.or(base.placement),
            metadata: self.metadata.or(base.metadata),
            market: self.market.or(base.market),
            block_devices: self.block_devices.or(base.block_devices),
            interfaces: self.interfaces.or(base.interfaces),
            tags: self.tags.or(base.tags),
        }
    }

    /// The data as replies show it.
    pub fn to_api(&self) -> ResponseLaunchTemplateData {
        let profile = |(arn, name): &(Option<String>, Option<String>)| LaunchTemplateIamInstanceProfileSpecification {
            arn: arn.clone(),
            name: name.clone(),
        };
        let tagged = |(kind, given): &(String, Tags)| LaunchTemplateTagSpecification {
            resource_type: Some(ResourceType::from(kind.as_str())),
            tags: Some(tags::to_api(given)),
        };
        ResponseLaunchTemplateData {
            image_id: self.image_id.clone(),
            instance_type: self.instance_type.as_deref().map(InstanceType::from),
            key_name: self.key_name.clone(),
            user_data: self.user_data.clone(),
            kernel_id: self.kernel_id.clone(),
            ram_disk_id: self.ram_disk_id.clone(),
            iam_instance_profile: self.iam_instance_profile.as_ref().map(profile),
            security_group_ids: self.security_group_ids.clone(),
            security_groups: self.security_groups.clone(),
            ebs_optimized: self.ebs_optimized,
            monitoring: self
                .monitoring
                .map(|on| LaunchTemplatesMonitoring { enabled: Some(on) }),
            disable_api_termination: self.disable_api_termination,
            disable_api_stop: self.disable_api_stop,
            instance_initiated_shutdown_behavior: self.shutdown_behavior.as_deref().map(ShutdownBehavior::from),
            credit_specification: self
                .cpu_credits
                .clone()
                .map(|c| CreditSpecification { cpu_credits: Some(c) }),
            cpu_options: self
                .cpu_options
                .map(|(core_count, threads_per_core)| LaunchTemplateCpuOptions {
                    core_count,
                    threads_per_core,
                    ..LaunchTemplateCpuOptions::default()
                }),
            enclave_options: self
                .enclave
                .map(|on| LaunchTemplateEnclaveOptions { enabled: Some(on) }),
            hibernation_options: self
                .hibernation
                .map(|on| LaunchTemplateHibernationOptions { configured: Some(on) }),
            placement: self.placement.as_ref().map(Placement::to_api),
            metadata_options: self.metadata.as_ref().map(Metadata::to_api),
            instance_market_options: self.market.as_ref().map(Market::to_api),
            block_device_mappings: self
                .block_devices
                .as_ref()
                .map(|all| all.iter().map(BlockDevice::to_api).collect()),
            network_interfaces: self
                .interfaces
                .as_ref()
                .map(|all| all.iter().map(TemplateInterface::to_api).collect()),
            tag_specifications: self.tags.as_ref().map(|all| all.iter().map(tagged).collect()),
            ..ResponseLaunchTemplateData::default()
        }
    }
}

impl Placement {
    fn to_api(&self) -> LaunchTemplatePlacement {
        LaunchTemplatePlacement {
            availability_zone: self.availability_zone.clone(),
            affinity: self.affinity.clone(),
            group_name: self.group_name.clone(),
            group_id: self.group_id.clone(),
            host_id: self.host_id.clone(),
            tenancy: self.tenancy.as_deref().map(Tenancy::from),
            partition_number: self.partition_number,
            ..LaunchTemplatePlacement::default()
        }
    }
}

impl Metadata {
    fn to_api(&self) -> LaunchTemplateInstanceMetadataOptions {
        LaunchTemplateInstanceMetadataOptions {
            state: Some(LaunchTemplateInstanceMetadataOptionsState::Pending),
            http_tokens: self.tokens.as_deref().map(Into::into),
            http_put_response_hop_limit: self.hop_limit,
            http_endpoint: self.endpoint.as_deref().map(Into::into),
            http_protocol_ipv6: self.protocol_ipv6.as_deref().map(Into::into),
            instance_metadata_tags: self.tags.as_deref().map(Into::into),
        }
    }
}

impl Market {
    fn to_api(&self) -> LaunchTemplateInstanceMarketOptions {
        LaunchTemplateInstanceMarketOptions {
            market_type: self.kind.as_deref().map(MarketType::from),
            spot_options: self.spot.then(|| LaunchTemplateSpotMarketOptions {
                max_price: self.max_price.clone(),
                spot_instance_type: self.spot_type.as_deref().map(Into::into),
                instance_interruption_behavior: self.interruption.as_deref().map(Into::into),
                ..LaunchTemplateSpotMarketOptions::default()
            }),
        }
    }
}

impl BlockDevice {
    fn read(given: LaunchTemplateBlockDeviceMappingRequest) -> Self {
        Self {
            device_name: given.device_name,
            virtual_name: given.virtual_name,
            no_device: given.no_device,
            ebs: given.ebs.map(|ebs| Ebs {
                encrypted: ebs.encrypted,
                delete_on_termination: ebs.delete_on_termination,
                iops: ebs.iops,
                kms_key_id: ebs.kms_key_id,
                snapshot_id: ebs.snapshot_id,
                size: ebs.volume_size,
                kind: ebs.volume_type.map(|kind| kind.to_string()),
                throughput: ebs.throughput,
            }),
        }
    }

    fn to_api(&self) -> LaunchTemplateBlockDeviceMapping {
        LaunchTemplateBlockDeviceMapping {
            device_name: self.device_name.clone(),
            virtual_name: self.virtual_name.clone(),
            no_device: self.no_device.clone(),
            ebs: self.ebs.as_ref().map(|ebs| LaunchTemplateEbsBlockDevice {
                encrypted: ebs.encrypted,
                delete_on_termination: ebs.delete_on_termination,
                iops: ebs.iops,
                kms_key_id: ebs.kms_key_id.clone(),
                snapshot_id: ebs.snapshot_id.clone(),
                volume_size: ebs.size,
                volume_type: ebs.kind.as_deref().map(VolumeType::from),
                throughput: ebs.throughput,
                ..LaunchTemplateEbsBlockDevice::default()
            }),
        }
    }
}

impl TemplateInterface {
    fn read(given: LaunchTemplateInstanceNetworkInterfaceSpecificationRequest) -> Result<Self, ApiError> {
        let beyond = given.ipv6_addresses.is_some()
            || given.ipv4_prefixes.is_some()
            || given.ipv6_prefixes.is_some()
            || given.private_ip_addresses.is_some()
            || given.ena_srd_specification.is_some()
            || given.connection_tracking_specification.is_some();
        if beyond {
            return Err(unsupported(
                "Interfaces of launch templates with prefixes, lists of addresses or tuning are not supported.",
            ));
        }
        Ok(Self {
            public_ip: given.associate_public_ip_address,
            delete_on_termination: given.delete_on_termination,
            description: given.description,
            device_index: given.device_index,
            network_card_index: given.network_card_index,
            groups: given.groups,
            kind: given.interface_type,
            interface: given.network_interface_id,
            private_ip: given.private_ip_address,
            secondary: given.secondary_private_ip_address_count,
            subnet: given.subnet_id,
        })
    }

    fn to_api(&self) -> LaunchTemplateInstanceNetworkInterfaceSpecification {
        LaunchTemplateInstanceNetworkInterfaceSpecification {
            associate_public_ip_address: self.public_ip,
            delete_on_termination: self.delete_on_termination,
            description: self.description.clone(),
            device_index: self.device_index,
            network_card_index: self.network_card_index,
            groups: self.groups.clone(),
            interface_type: self.kind.clone(),
            network_interface_id: self.interface.clone(),
            private_ip_address: self.private_ip.clone(),
            secondary_private_ip_address_count: self.secondary,
            subnet_id: self.subnet.clone(),
            ..LaunchTemplateInstanceNetworkInterfaceSpecification::default()
        }
    }
}
