/** A row of the Job table (ui/prisma/schema.prisma, ostris/ai-toolkit@27a03a91); order of fields as recorded. */
export interface Job {
  id: string;
  name: string;
  gpu_ids: string;
  job_config: string;
  created_at: string;
  updated_at: string;
  status: 'stopped' | 'queued' | 'running' | 'stopping' | 'completed' | 'error';
  stop: boolean;
  return_to_queue: boolean;
  step: number;
  total_steps: number | null;
  info: string;
  speed_string: string;
  queue_position: number;
  pid: number | null;
  job_type: string;
  job_ref: string | null;
  save_now: boolean;
  sample_now: boolean;
}

export interface Queue {
  id: number;
  gpu_ids: string;
  is_running: boolean;
}

export function isBusy(job: Job): boolean {
  return job.status === 'running' || job.status === 'stopping';
}
