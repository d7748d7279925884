/**
 * Names of the module pairs of a LoRA, in the style that the trainer writes per architecture
 * (ostris/ai-toolkit@27a03a91).
 */
export interface KeyStyle {
  down: (module: string) => string;
  up: (module: string) => string;
  alpha?: (module: string) => string;
  modules: (index: number) => string;
  /** ss_base_model_version. */
  baseVersion: string;
}

const peft = (prefix: string): Pick<KeyStyle, 'down' | 'up'> => ({
  down: (module) => `${prefix}${module}.lora_A.weight`,
  up: (module) => `${prefix}${module}.lora_B.weight`,
});

const kohya = (baseVersion: string): KeyStyle => ({
  down: (module) => `lora_unet_${module}.lora_down.weight`,
  up: (module) => `lora_unet_${module}.lora_up.weight`,
  alpha: (module) => `lora_unet_${module}.alpha`,
  modules: (index) =>
    `down_blocks_${Math.floor(index / 4)}_attentions_0_transformer_blocks_0_attn1_${['to_q', 'to_k', 'to_v', 'to_out_0'][index % 4] ?? 'to_q'}`,
  baseVersion,
});

const blocks =
  (names: string[], stem: string) =>
  (index: number): string =>
    `${stem}.${Math.floor(index / names.length)}.${names[index % names.length] ?? ''}`;
const attention = ['attn.to_q', 'attn.to_k', 'attn.to_v', 'attn.to_out.0'];

/** The style of an architecture; unknown ones get the general transformer form. */
export function keyStyle(arch: string): KeyStyle {
  if (arch === 'flux' || arch === 'flex1' || arch === 'flux_kontext') {
    return { ...peft('transformer.'), modules: blocks(attention, 'transformer_blocks'), baseVersion: 'flux.1' };
  }
  if (arch.startsWith('wan')) {
    const version = arch.startsWith('wan22') ? 'wan_2.2' : 'wan_2.1';
    return {
      ...peft('diffusion_model.'),
      modules: blocks(['self_attn.q', 'self_attn.k', 'self_attn.v', 'self_attn.o'], 'blocks'),
      baseVersion: version,
    };
  }
  if (arch === 'sdxl') return kohya('sdxl_1.0');
  if (arch === 'sd15' || arch === 'sd1') return kohya('sd_1.5');
  const stem = arch.startsWith('flux2') ? 'double_blocks' : arch.startsWith('zimage') ? 'layers' : 'transformer_blocks';
  return { ...peft('diffusion_model.'), modules: blocks(attention, stem), baseVersion: arch };
}
