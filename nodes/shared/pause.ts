import { sleep } from 'n8n-workflow';

/** Waits `ms`, or less if the signal fires first. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return await sleep(ms);
  if (signal.aborted) return;
  // Raced as well, because `sleep` of older n8n versions takes no signal.
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    sleep(ms, signal).then(resolve, () => resolve());
  });
}
