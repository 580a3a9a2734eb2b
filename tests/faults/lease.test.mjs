#!/usr/bin/env node
// tests/run: timeout 120
// Leases and fencing: a worker that froze past its lease writes nothing; the control, with the
// fence taken out of sg.finish, shows what would happen without it.
import { atEnd, equal, finish, ok, sleep, test, until } from '../lib/tap.mjs'
import { startStack } from '../lib/stack.mjs'
import { enqueue, events, holds, image, ingestJob, jobIs, jobTo, model, network, people, ready, segmentJob, violations } from './lib.mjs'

const lease = 3
const stack = await startStack({
  services: ['postgres', 'redis', 'worker'],
  workers: 2,
  set: { lease_s: lease, worker_slots: 1, worker_threads: 1, log_level: 'debug' }
})
people(stack)
const slow = model(stack, 'slow', network(8, 32))
let scans

/** Freeze a worker in the middle of a job until another has done it, then thaw it. */
async function freeze() {
  await stack.stopOne('worker-2', { now: true })
  const [id] = await enqueue(stack, [segmentJob(stack, scans[0], slow)])
  await until(() => jobIs(stack, id) === 'running', 20, 'running')
  await stack.kill('worker-1', 'SIGSTOP')
  equal(jobIs(stack, id), 'running', 'frozen while running')
  await stack.start('worker-2')
  await jobTo(stack, id, 'succeeded', 40)
  await stack.kill('worker-1', 'SIGCONT')
  return id
}

await test('images become scans', async () => {
  scans = await ready(stack, slow, [900, 256])
  equal(scans.length, 2)
})

await test('a worker frozen past its lease writes nothing', async () => {
  const id = await freeze()
  await until(() => events(stack, id, 'fenced') > 0 || stack.log('worker-1').includes('"job.lost"'), 30, 'the end of the frozen one')
  await sleep(500)
  equal(jobIs(stack, id, 'attempt'), '2')
  equal(events(stack, id, 'succeeded'), 1)
  equal(events(stack, id, 'swept'), 1)
  equal(violations(stack), '')
})

await test('control: without the fence the same shows a double', async () => {
  // A finish that believes everybody, and tables that let it.
  stack.psql(`
    alter table sg.job disable trigger guard;
    alter table sg.segmentation drop constraint segmentation_job_id_key;
    create or replace function sg.finish(p_id bigint, p_token bigint, p_state text, p_error_code text,
      p_error_text text, p_worker text, p_result jsonb) returns text
    language plpgsql security definer set search_path = sg, pg_temp as $$
    begin
      update sg.job set state = p_state, finished_at = clock_timestamp(), lease_token = null, lease_owner = null,
             lease_expires_at = null where id = p_id;
      perform sg.job_note(p_id, p_state, p_token, p_worker, p_error_code);
      insert into sg.result (job_id, token, software, input_sha) values
        (p_id, p_token, 'control', decode(p_result ->> 'input_sha', 'hex'))
        on conflict (job_id) do update set token = excluded.token;
      return 'ok';
    end $$;
    -- and a worker that does not hear that its lease is gone
    create or replace function sg.beat(p_id bigint, p_token bigint, p_lease interval, p_progress double precision, p_stage text)
    returns table (cancel_requested boolean) language sql security definer set search_path = sg, pg_temp as $$
      update sg.job set lease_expires_at = clock_timestamp() + p_lease where id = p_id and lease_token = p_token and state = 'running';
      select false $$;`)
  const id = await freeze()
  await until(() => events(stack, id, 'succeeded') > 1, 30, 'a double')
  const found = violations(stack)
  ok(/\bI4 1\b/.test(found) && /\bI15 1\b/.test(found), `the invariants must see it, they say: ${found}`)
})

await finish()
